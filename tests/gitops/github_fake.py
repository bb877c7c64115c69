"""GitHub's REST API as far as rampart-github asks it, over a bare repository: pull requests follow
their branches, merging makes a merge commit, dispatches and comments are kept for the story."""

import http.server
import json
import re
import subprocess
import threading
import urllib.parse

REPOSITORY = "example/mail"
TOKEN = "ghs_token-of-the-story"
BOT = "github-actions[bot]"
LIMIT = 65536


class Refused(Exception):
    """An answer other than success: (status, message)."""


class GitHub:
    """The state behind the API; every method is one request."""

    def __init__(self, remote):
        self.remote = remote
        self.pulls, self.comments, self.issues, self.runs, self.dispatches = [], [], [], [], []
        self.protected = set()
        self.address = ""
        self.lock = threading.Lock()

    def git(self, *words):
        done = subprocess.run(["git", "-C", str(self.remote), *words], capture_output=True,
                              text=True)
        return done.stdout.strip() if done.returncode == 0 else ""

    def url(self, path):
        return f"{self.address}/repos/{REPOSITORY}/{path}"

    def shown(self, pull):
        head = pull["sha"] if pull["merged_at"] else self.git("rev-parse", pull["head"])
        number = pull["number"]
        return {"number": number, "url": self.url(f"pulls/{number}"),
                "issue_url": self.url(f"issues/{number}"),
                "title": pull["title"], "body": pull["body"],
                "state": pull["state"], "merged_at": pull["merged_at"],
                "merge_commit_sha": pull["merge_commit_sha"],
                "user": {"login": pull["login"]},
                "head": {"ref": pull["head"], "sha": head}, "base": {"ref": pull["base"]}}

    def add_pull(self, title, body, head, base, login=BOT):
        if any(one["head"] == head and one["state"] == "open" for one in self.pulls):
            raise Refused(422, f"A pull request already exists for {head}.")
        if not self.git("rev-parse", "--verify", f"refs/heads/{head}"):
            raise Refused(422, "head is invalid")
        pull = {"number": 1 + len(self.pulls) + len(self.issues), "title": title, "body": body,
                "head": head, "base": base, "state": "open", "merged_at": None, "login": login,
                "merge_commit_sha": None, "sha": None}
        self.pulls.append(pull)
        return pull

    def pull(self, number):
        for one in self.pulls:
            if one["number"] == int(number):
                return one
        raise Refused(404, "Not Found")

    def merge(self, number, sha=None):
        """Merges with a merge commit, as the button does; refuses what is in conflict."""
        pull = self.pull(number)
        head, base = self.git("rev-parse", pull["head"]), self.git("rev-parse", pull["base"])
        if pull["state"] != "open" or (sha and sha != head):
            raise Refused(409, "Head branch was modified. Review and try the merge again.")
        tree = self.git("merge-tree", "--write-tree", base, head)
        if not re.fullmatch(r"[0-9a-f]{40}", tree):
            raise Refused(405, "Pull Request is not mergeable")
        commit = subprocess.run(
            ["git", "-C", str(self.remote), "-c", "user.name=GitHub", "-c",
             "user.email=noreply@example.com", "commit-tree", tree, "-p", base, "-p", head, "-m",
             f"Merge pull request #{number}"], check=True, capture_output=True, text=True)
        merged = commit.stdout.strip()
        self.git("update-ref", f"refs/heads/{pull['base']}", merged)
        pull.update(state="closed", merged_at="now", merge_commit_sha=merged, sha=head)
        return merged

    def add_comment(self, number, body, login=BOT):
        if len(body) > LIMIT:
            raise Refused(422, "Body is too long (maximum is 65536 characters)")
        identity = 1000 + len(self.comments)
        comment = {"id": identity, "issue": int(number), "body": body, "user": {"login": login},
                   "url": self.url(f"issues/comments/{identity}")}
        self.comments.append(comment)
        return comment

    def issue(self, number):
        for one in self.issues:
            if one["number"] == int(number):
                return one
        raise Refused(404, "Not Found")

    def add_issue(self, payload):
        number = 1 + len(self.pulls) + len(self.issues)
        issue = {"number": number, "url": self.url(f"issues/{number}"), "title": payload["title"],
                 "body": payload["body"], "state": "open", "user": {"login": BOT},
                 "labels": [{"name": name} for name in payload.get("labels", [])]}
        self.issues.append(issue)
        return issue


def pulls_list(hub, query, _):
    return [hub.shown(one) for one in hub.pulls if one["state"] == query.get("state", "open") and
            query.get("head", ":").split(":", 1)[1] in ("", one["head"])]


def pull_change(hub, _, payload, number):
    pull = hub.pull(number)
    pull.update({key: payload[key] for key in ("title", "body", "state") if key in payload})
    return hub.shown(pull)


def comment_change(hub, _, payload, number):
    for one in hub.comments:
        if one["id"] == int(number):
            if len(payload["body"]) > LIMIT:
                raise Refused(422, "Body is too long (maximum is 65536 characters)")
            one["body"] = payload["body"]
            return one
    raise Refused(404, "Not Found")


def issues_list(hub, query, _):
    labels = set(filter(None, query.get("labels", "").split(",")))
    return [one for one in hub.issues if one["state"] == query.get("state", "open") and
            labels <= {label["name"] for label in one["labels"]}]


def issue_change(hub, _, payload, number):
    issue = hub.issue(number)
    issue.update({key: payload[key] for key in ("title", "body", "state") if key in payload})
    return issue


def dispatch(hub, _, payload, workflow):
    if not hub.git("rev-parse", "--verify", f"refs/heads/{payload['ref']}"):
        raise Refused(422, f"No ref found for: {payload['ref']}")
    hub.dispatches.append((workflow, payload["ref"], payload.get("inputs", {})))


def branch(hub, _, __, name):
    if not hub.git("rev-parse", "--verify", f"refs/heads/{name}"):
        raise Refused(404, "Branch not found")
    return {"name": name, "protected": name in hub.protected}


def run_of(hub, _, __, number):
    for one in hub.runs:
        if one["id"] == int(number):
            return {"id": one["id"], "path": f".github/workflows/{one['workflow']}",
                    "head_sha": one["head_sha"], "head_branch": one["head_branch"],
                    "conclusion": one["conclusion"]}
    raise Refused(404, "Not Found")


def runs_list(hub, query, _, workflow):
    found = [one for one in reversed(hub.runs) if one["workflow"] == workflow and
             one["head_sha"] == query["head_sha"] and one["conclusion"] == query["status"]]
    return {"total_count": len(found), "workflow_runs": found[:int(query.get("per_page", 30))]}


ROUTES = [
    ("GET", r"pulls", pulls_list, 200),
    ("POST", r"pulls", lambda hub, _, payload: hub.shown(hub.add_pull(
        payload["title"], payload["body"], payload["head"], payload["base"])), 201),
    ("PATCH", r"pulls/(\d+)", pull_change, 200),
    ("PUT", r"pulls/(\d+)/merge", lambda hub, _, payload, number: {
        "sha": hub.merge(number, payload.get("sha")), "merged": True}, 200),
    ("GET", r"issues/(\d+)/comments", lambda hub, _, __, number: [
        one for one in hub.comments if one["issue"] == int(number)], 200),
    ("POST", r"issues/(\d+)/comments", lambda hub, _, payload, number: hub.add_comment(
        number, payload["body"]), 201),
    ("PATCH", r"issues/comments/(\d+)", comment_change, 200),
    ("GET", r"issues", issues_list, 200),
    ("POST", r"issues", lambda hub, _, payload: hub.add_issue(payload), 201),
    ("PATCH", r"issues/(\d+)", issue_change, 200),
    ("POST", r"actions/workflows/([\w.-]+)/dispatches", dispatch, 204),
    ("GET", r"actions/workflows/([\w.-]+)/runs", runs_list, 200),
    ("GET", r"actions/runs/(\d+)", run_of, 200),
    ("GET", r"branches/([\w.-]+)", branch, 200),
    ("GET", r"", lambda *_: {"full_name": REPOSITORY, "default_branch": "main"}, 200),
    ("GET", r"commits/([0-9a-f]{40})/pulls", lambda hub, _, __, sha: [
        hub.shown(one) for one in hub.pulls if one["merge_commit_sha"] == sha], 200),
]


class Handler(http.server.BaseHTTPRequestHandler):
    """One request: the route that fits, a page of a list, or GitHub's form of a refusal."""

    def answer(self, status, value, link=""):
        text = b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def route(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        length = int(self.headers.get("Content-Length") or 0)
        payload = json.loads(self.rfile.read(length)) if length else {}
        hub = self.server.hub
        if self.headers.get("Authorization") not in (f"Bearer {TOKEN}", f"token {TOKEN}"):
            raise Refused(401, "Bad credentials")
        prefix = f"/repos/{REPOSITORY}"
        for method, pattern, act, status in ROUTES:
            match = re.fullmatch(re.escape(prefix) + (pattern and "/" + pattern), url.path)
            if match and method == self.command:
                with hub.lock:
                    value = act(hub, query, payload, *match.groups())
                if isinstance(value, list):
                    return status, *self.page(url.path, query, value)
                return status, value
        raise Refused(404, "Not Found")

    def page(self, path, query, values):
        """One page of a list, and the header that names the next and the last."""
        size, page = int(query.get("per_page", 30)), int(query.get("page", 1))
        last = max(1, -(-len(values) // size))

        def link(number, word):
            asked = urllib.parse.urlencode({**query, "page": number})
            return f'<{self.server.hub.address}{path}?{asked}>; rel="{word}"'

        links = [link(page + 1, "next"), link(last, "last")] if page < last else []
        return values[(page - 1) * size:page * size], ", ".join(links)

    def serve(self):
        try:
            self.answer(*self.route())
        except Refused as refused:
            self.answer(refused.args[0], {"message": refused.args[1]})
        except (KeyError, ValueError) as wrong:
            self.answer(422, {"message": f"Validation Failed: {wrong}"})

    do_GET = do_POST = do_PATCH = do_PUT = serve

    def log_message(self, *_):
        pass


def start(remote):
    """(hub, address, server): serves on a free port of loopback until server.shutdown()."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub = GitHub(remote)
    server.hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.hub, server.hub.address, server
