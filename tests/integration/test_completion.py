"""pgweir completion: the script, and what bash offers with it."""

import shutil

import pytest

from harness.daemon import binary
from harness.programs import run

ASK = """
source <({binary} completion bash) || exit 9
COMP_WORDS=({words}) COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
[ -z '{empty}' ] || {{ COMP_WORDS+=(""); COMP_CWORD=$((COMP_CWORD + 1)); }}
_pgweir
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def offered(words, cwd):
    """What bash offers for the last word of a line; for an empty one when the line ends with a blank."""
    script = ASK.format(binary=binary(), words=words, empty="yes" if words.endswith(" ") else "")
    result = run("bash", "--norc", "-c", script, cwd=cwd)
    assert result.returncode == 0 and not result.stderr, result.stderr
    return set(result.stdout.split())


def subcommands():
    text = run(binary(), "--help").stdout
    return {line.split()[0] for line in text.split("Subcommands:")[1].splitlines() if line.startswith("  ") and line.split()}


def test_every_subcommand_is_offered(tmp_path):
    known = subcommands() - {"Exit", "Example:"}
    assert {"run", "check", "migrate", "completion"} <= known
    assert known <= offered("pgweir ", tmp_path)
    assert offered("pgweir mig", tmp_path) == {"migrate"}
    assert offered("pgweir --ver", tmp_path) == {"--version"}


def test_options_and_words_of_a_subcommand(tmp_path):
    (tmp_path / "some.yaml").write_text("")
    (tmp_path / "some.ini").write_text("")
    assert offered("pgweir check --", tmp_path) == {"--help", "--config", "--diff", "--against"}
    assert offered("pgweir reference s", tmp_path) == {"schema", "sample", "scenario"}
    assert offered("pgweir completion ", tmp_path) >= {"bash", "zsh"}
    assert offered("pgweir run --config some.y", tmp_path) == {"some.yaml"}
    assert offered("pgweir check --diff -c some.", tmp_path) == {"some.yaml", "some.ini"}
    assert offered("pgweir migrate some.i", tmp_path) == {"some.ini"}
    assert offered("pgweir reference markdown so", tmp_path) == set()
    assert offered("pgweir top --", tmp_path) == {"--help", "--config", "--dsn", "--interval", "--once"}
    assert offered("pgweir top --interval ", tmp_path) == set()


def test_the_name_of_a_file_is_no_subcommand(tmp_path):
    assert offered("pgweir check -c run --d", tmp_path) == {"--diff"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="no zsh here")
def test_zsh_takes_its_script(tmp_path):
    (tmp_path / "_pgweir").write_text(run(binary(), "completion", "zsh").stdout)
    result = run("zsh", "-n", tmp_path / "_pgweir")
    assert result.returncode == 0, result.stderr


def test_an_unknown_shell_is_refused():
    result = run(binary(), "completion", "fish")
    assert result.returncode >= 100 and "bash" in result.stdout + result.stderr


@pytest.mark.parametrize("command", ["run", "check", "reference", "hash-password", "simulate", "show", "top", "migrate", "completion"])
def test_every_help_has_an_example(command):
    result = run(binary(), command, "--help")
    assert result.returncode == 0 and "Example" in result.stdout and f"pgweir {command}" in result.stdout
    if command not in ("reference", "completion"):
        assert "Exit codes" in result.stdout
