#!/usr/bin/env python3
"""A foreign client, PyGithub, drives the fake of GitHub's API, so that it is no mirror of ours."""

import pathlib
import subprocess
import sys
import tempfile

import github

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import github_fake  # noqa: E402


def git(folder, *words):
    done = subprocess.run(["git", "-C", str(folder), "-c", "user.name=a", "-c",
                           "user.email=a@example.com", *words], check=True, capture_output=True,
                          text=True)
    return done.stdout.strip()


def make_remote(folder):
    """A bare repository with `main` and a branch `work` of one commit more."""
    remote, clone = folder / "remote.git", folder / "clone"
    subprocess.run(["git", "init", "-q", "--bare", "--initial-branch=main", str(remote)],
                   check=True)
    subprocess.run(["git", "clone", "-q", str(remote), str(clone)], check=True, capture_output=True)
    git(clone, "commit", "-q", "--allow-empty", "-m", "one")
    git(clone, "push", "-q", "origin", "HEAD:main")
    (clone / "file").write_text("text\n")
    git(clone, "add", "file")
    git(clone, "commit", "-q", "-m", "two")
    git(clone, "push", "-q", "origin", "HEAD:work")
    return remote, git(clone, "rev-parse", "HEAD")


def checks(hub, api, remote, head):
    """(what holds, sentence) of each request."""
    client = github.Github(github_fake.TOKEN, base_url=api)
    repo = client.get_repo(github_fake.REPOSITORY, lazy=True)
    pull = repo.create_pull(title="A title", body="A body", head="work", base="main")
    yield pull.number == 1 and pull.head.sha == head, "a pull request follows its branch"
    yield [one.number for one in repo.get_pulls(state="open")] == [1], "it is listed"
    for number in range(35):
        pull.create_issue_comment(f"comment {number}")
    yield pull.get_issue_comments().totalCount == 35, "pages of a list add up"
    comment = next(iter(pull.get_issue_comments()))
    comment.edit("changed")
    yield next(iter(pull.get_issue_comments())).body == "changed", "a comment is edited"
    yield refused(lambda: comment.edit("x" * 65537)) == 422, "a long comment is refused"
    yield refused(lambda: repo.create_pull(title="t", body="", head="none", base="main")) == 422, \
        "a branch that is not there is refused"
    yield refused(lambda: pull.merge(sha="0" * 40)) == 409, "another head is not merged"
    merged = pull.merge(sha=head)
    yield merged.merged and git(remote, "rev-parse", "main") == merged.sha, "a merge moves main"
    hub.protected.add("main")
    yield [repo.get_branch(name).protected for name in ("main", "work")] == [True, False], \
        "a branch says whether it is protected"
    yield client.get_repo(github_fake.REPOSITORY).default_branch == "main", "the default branch"
    hub.runs.append({"id": 7, "workflow": "advance.yml", "head_sha": head, "head_branch": "main",
                     "conclusion": "success"})
    run = repo.get_workflow_run(7)
    yield (run.raw_data["path"], run.head_branch) == (".github/workflows/advance.yml", "main"), \
        "a run names its workflow and branch"
    yield refused(lambda: repo.get_workflow_run(8)) == 404, "a run that does not exist"
    issue = repo.create_issue(title="Drift", body="text", labels=["rampart-drift"])
    yield [one.number for one in repo.get_issues(labels=["rampart-drift"])] == [issue.number], \
        "an issue is found by its label"
    issue.edit(state="closed")
    yield list(repo.get_issues()) == [], "a closed issue is not open"
    outsider = github.Github("wrong", base_url=api).get_repo(github_fake.REPOSITORY, lazy=True)
    yield refused(lambda: list(outsider.get_pulls())) == 401, "a wrong token is refused"


def refused(act):
    """The status that an act was refused with; 0 where it was not."""
    try:
        act()
    except github.GithubException as wrong:
        return wrong.status
    return 0


def main():
    passed, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        remote, head = make_remote(pathlib.Path(folder))
        hub, api, server = github_fake.start(remote)
        for holds, sentence in checks(hub, api, remote, head):
            passed += bool(holds)
            wrong += [] if holds else [sentence]
        server.shutdown()
    for sentence in wrong:
        print(f"failed: {sentence}")
    print(f"{passed} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
