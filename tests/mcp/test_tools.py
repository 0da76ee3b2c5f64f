"""The tools for editors and language models: what they say, and the server that offers them over the real protocol."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

import symbptt
from symbptt.cli import main
from symbptt.errors import BadInput
from symbptt.mcp import TOOLS, server
from symbptt.mcp import tools as mcp

DROPPED = symbptt.emit.source("elman", style="plain").text.replace(" + d_h_next ", " ")
LEAKY = '[states]\nh = "H"\n[parameters]\nW = "H H"\n[equations]\nh = "tanh(W @ h[t-1]) + x"\n[inputs]\nx = "H"\n'


def test_derive_and_emit() -> None:
    assert mcp.derive("elman", 2, ["W_hh"])["wrt"] == "W_hh" and len(mcp.derive("elman", 1)["results"]) == 5
    assert mcp.derive(LEAKY, 2, form="adjoint")["recursion"] and mcp.derive(LEAKY, 2, ["W"], "nested")["form"] == "nested"
    made = mcp.emit("elman", wrt=["W_hh"])
    assert made["path"] == "elman.py" and "def value_and_grad" in made["text"] and "grad_b_h" not in made["text"]
    assert "torch" in mcp.emit("elman", "torch")["text"]


def test_check_formula() -> None:
    (finding,) = mcp.check_formula("elman", "dW_hh = sum(t, 1, T, da[t] @ h[t].T)")["findings"]
    assert finding["causes"][0]["name"] == "off-by-one" and "h[t-1].T" in finding["beside"]["should read"]


def test_a_model_is_a_name_or_a_text_and_no_path(tmp_path: Path) -> None:
    path = tmp_path / "secret.toml"
    path.write_text(LEAKY)
    for given in (str(path), "elmann", "", "[states"):
        with pytest.raises(BadInput):
            mcp.emit(given)
    with pytest.raises(BadInput, match="either"):
        mcp.verify()


@pytest.mark.slow
def test_diagnose_and_verify() -> None:
    found = mcp.diagnose("elman", DROPPED, wrt=["W_hh"])
    assert found["findings"][0]["causes"][0]["name"] == "carry-dropped" and "equation (6)" in found["report"]
    said = mcp.diagnose("elman", "def f(x0, y):\n    return 1", "f", {"names": {"x0": "x"}})
    assert not said["ok"] and said["notes"]
    assert mcp.verify("elman")["ok"] and not mcp.verify(code=DROPPED)["ok"]


def test_without_the_sdk_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(sys.modules, "mcp", None)
    assert main(["mcp"]) == 2
    assert "pip install 'symbptt[mcp]'" in capsys.readouterr().err


async def _over_the_protocol() -> dict[str, Any]:
    from mcp import ClientSession, StdioServerParameters, stdio_client

    here = {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "PATH": os.environ["PATH"]}
    process = StdioServerParameters(command=sys.executable, args=["-m", "symbptt", "mcp"], env=here)
    async with stdio_client(process) as (reader, writer), ClientSession(reader, writer) as session:
        await session.initialize()
        listed = await session.list_tools()
        right = await session.call_tool("check_formula", {"model": "elman", "formula": "dW_hh = sum(t, 1, T, da[t] @ h[t-1].T)"})
        judged = await session.call_tool("diagnose", {"model": "elman", "code": DROPPED})
        wrong = await session.call_tool("emit", {"model": "elmann"})
    texts = {name: result.content[0].text for name, result in (("right", right), ("judged", judged), ("wrong", wrong))}
    return {"names": [tool.name for tool in listed.tools], "failed": wrong.is_error, **texts}


@pytest.mark.slow
def test_the_server_over_the_real_protocol() -> None:
    pytest.importorskip("mcp", reason="the SDK is not installed")
    assert server().name == "symbptt"
    said = asyncio.run(_over_the_protocol())
    assert said["names"] == [tool.__name__ for tool in TOOLS] == ["derive", "check_formula", "diagnose", "verify", "emit"]
    assert json.loads(said["right"])["ok"] and json.loads(said["judged"])["findings"][0]["causes"][0]["name"] == "carry-dropped"
    assert said["failed"] and "did you mean 'elman'?" in said["wrong"]
