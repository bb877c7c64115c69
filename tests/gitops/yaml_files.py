"""Steps of the story about files that the YAML names, and about text in them."""


def obeyed(log):
    """The lines that GitHub's runner would take for commands: `::name` at the start of a line and
    `##[name` anywhere in it, but for those between ::stop-commands::TOKEN and ::TOKEN::."""
    found, stopped = [], None
    for line in log.splitlines():
        text = line.strip()
        if stopped:
            stopped = None if text == f"::{stopped}::" else stopped
        elif text.startswith("::stop-commands::"):
            stopped = text.removeprefix("::stop-commands::")
        elif text.startswith("::") or "##[" in text:
            found.append(line)
    return found


def commands_in_text(story):
    """A YAML's line reaches the log, and no part of it is a command."""
    story.scene.branch("commands", lambda text: text.replace(
        "    dkim:\n", "    spf: {exta: '##[add-mask]example.com ::add-mask::example.com'}\n"
        "    dkim:\n"))
    story.open("commands")
    run = story.plan("commands")
    story.expect(any(line.startswith("::error file=domains.yaml") for line in obeyed(run.log)),
                 "the annotation is obeyed", run)
    story.expect("[add-mask]example.com" in run.log, "the line with the mistake is shown", run)
    story.expect(not any(line.startswith("::add-mask") or "##[" in line and
                        not line.startswith("::error") for line in obeyed(run.log)),
                f"and obeyed by nobody: {obeyed(run.log)}", run)


def files_of_the_yaml(story):
    """Which files count is what the YAML says, not what a workflow names."""
    def moved(text):
        story.scene.clone.joinpath("teams").mkdir(exist_ok=True)
        story.scene.clone.joinpath("teams/crm.yaml").write_text(
            'version: 1\nsenders:\n'
            '  crm: {spf: ["ip4:203.0.113.5"], dkim: none, owner: crm, category: internal}\n')
        return text.replace("version: 1\n", "version: 1\ninclude: [teams/*.yaml]\n", 1).replace(
            "      - office            #", "      - crm\n      - office            #", 1)
    story.scene.branch("teams", moved)
    number = story.open("teams")
    run = story.plan("teams")
    story.expect(run.conclusion == "success" and "file included" in run.summary,
                "a new include is shown", run)
    story.merge(number)
    story.expect(any("ip4:203.0.113.5" in one for one in story.scene.txt("example.com")),
                f"its sender is live: {story.scene.txt('example.com')}")

    def widened(text):
        path = story.scene.clone / "teams/crm.yaml"
        path.write_text(path.read_text().replace("203.0.113.5", "203.0.113.0/24"))
        return text
    story.scene.branch("widened", widened)
    number = story.open("widened")
    run = story.plan("widened")
    story.expect("203\\.0\\.113\\.0/24" in run.summary or "203.0.113.0/24" in run.summary,
                "a change of an included file alone is planned", run)
    run = story.merge(number)
    story.expect(any("ip4:203.0.113.0/24" in one for one in story.scene.txt("example.com")),
                "and applied", run)

    def dropped(text):
        story.scene.clone.joinpath("teams/crm.yaml").unlink()
        return text.replace("include: [teams/*.yaml]\n", "").replace("      - crm\n", "")
    story.scene.branch("dropped", dropped)
    number = story.open("dropped")
    story.plan("dropped")
    run = story.merge(number)
    story.expect(not any("203.0.113" in one for one in story.scene.txt("example.com")),
                f"what is no longer read is no longer live: {story.scene.txt('example.com')}", run)


def other_files(story):
    """A change of other files is neither planned nor applied."""
    story.scene.branch("other", lambda text: text)
    number = story.open("other")
    story.plan("other")
    run = story.merge(number)
    story.expect("Nothing to apply" in run.summary and "--- Apply" not in run.log,
                 "the merge of other files applies nothing", run)


def play(story):
    """All of them; the domain's records are afterwards as they were."""
    commands_in_text(story)
    other_files(story)
    files_of_the_yaml(story)
