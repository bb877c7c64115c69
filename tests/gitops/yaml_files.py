"""Steps of the story about the YAML's files and the text in them."""


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


def play(story):
    """All of them; the domain's records are afterwards as they were."""
    commands_in_text(story)
