// Compiles the archive of the engine with the Python that will run it: node compile.mjs PYODIDE_FOLDER ARCHIVE COMPILED_ARCHIVE

import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]) + "/";
const { loadPyodide } = await import(pathToFileURL(folder + "pyodide.mjs").href);
// Without the columns of instructions, which serve marks in tracebacks alone.
const env = { HOME: "/home/pyodide", PYTHONNODEBUGRANGES: "1" };
const python = await loadPyodide({ indexURL: folder, env, stdout: () => {}, stderr: text => process.stderr.write(text + "\n") });
python.unpackArchive(new Uint8Array(readFileSync(process.argv[3])), "gztar", { extractDir: "/engine" });
const made = python.runPython(`
import gzip, io, marshal, py_compile, tarfile
from pathlib import Path
from types import CodeType

HEADER = 16

def without_lines(code):
    """Code without the table of its lines, which is a quarter of it and serves tracebacks alone."""
    parts = tuple(without_lines(part) if isinstance(part, CodeType) else part for part in code.co_consts)
    return code.replace(co_linetable=b"", co_consts=parts)

# Libraries go without sources, docstrings and lines, which are most of SymPy; symbptt keeps its sources, some of which it reads.
for path in sorted(Path("/engine").rglob("*.py")):
    own = path.parts[2] == "symbptt"
    cached = path.parent / "__pycache__" / f"{path.stem}.cpython-312.pyc" if own else path.with_suffix(".pyc")
    py_compile.compile(str(path), str(cached), dfile=str(path), doraise=True, optimize=0 if own else 2,
                       invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
    if not own:
        whole = cached.read_bytes()
        cached.write_bytes(whole[:HEADER] + marshal.dumps(without_lines(marshal.loads(whole[HEADER:]))))
        path.unlink()

made = io.BytesIO()
with tarfile.open(fileobj=made, mode="w") as packed:
    for path in sorted(p for p in Path("/engine").rglob("*") if p.is_file()):
        entry = tarfile.TarInfo(path.relative_to("/engine").as_posix())
        entry.size = path.stat().st_size
        packed.addfile(entry, io.BytesIO(path.read_bytes()))
gzip.compress(made.getvalue(), mtime=0)
`);
writeFileSync(process.argv[4], made.toJs());
