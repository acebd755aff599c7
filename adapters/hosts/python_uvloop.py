"""A report in uvloop, which is attached as in asyncio."""

import platform

import uvloop

from python_asyncio import main

print(f"with: uvloop {uvloop.__version__}, Python {platform.python_version()}")
uvloop.run(main())
