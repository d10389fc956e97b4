"""Do one piece of work in this process and print what it took, as JSON: run by compare.py in a fresh process each time.

python measure.py LIBRARY WORK PORT SCALE FOLDER [VARIANT]
"""

from __future__ import annotations

import json
import resource
import sys
import time


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def memory(what: str) -> int:
    """VmRSS or VmHWM (the peak) of this process in bytes. Not ru_maxrss, which a process inherits from its parent."""
    try:
        with open("/proc/self/status") as status:
            for line in status:
                if line.startswith(what + ":"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def main() -> None:
    library, name, port, scale, folder, *variant = sys.argv[1:]
    if library == "pycurl":
        import works_pycurl

        modules, job = [works_pycurl], works_pycurl.CurlJob(library, "".join(variant), int(port), int(scale), folder)
    else:
        import jobs
        import works
        import works_threads

        modules, job = [works, works_threads], jobs.Job(library, "".join(variant), int(port), int(scale), folder)
    work = next(getattr(module, name) for module in modules if hasattr(module, name))(job)
    next(work)
    idle = memory("VmRSS")
    cpu_before, began = cpu(), time.perf_counter()
    numbers = next(work)
    wall, spent = time.perf_counter() - began, cpu() - cpu_before
    result = {"cpu": spent, "wall": wall, "peak": memory("VmHWM") - idle, **(numbers or {})}
    for _ in work:
        pass
    print(json.dumps(result))


if __name__ == "__main__":
    main()
