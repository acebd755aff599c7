"""Downloads files by a pool of threads, with a line of progress. Once one fails, those that have not begun are cancelled.

    python downloads.py [--broken N]     the Nth file is not there

The files come from a server on this machine, which the program starts.
"""

import argparse
import contextlib
import http.server
import sys
import threading
import urllib.request

from asynchron import ThreadPoolExecutor, report

FILES = 40
AT_ONCE = 4
#: No file is larger, whatever the server sends.
LARGEST = 1 << 20


def download(url):
    """Runs on a thread of the pool. What it raises, F() raises."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        content = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise ValueError(f"{url} is too large")
    return content


def show(done, of, size, end):
    print(f"\r{done} of {of} files, {size} bytes", end=end, flush=True)


def download_all(urls):
    """The contents, by their URLs. If one fails, that is raised; no other is begun, and those that were are waited for."""
    contents, size = {}, 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        urls_of = {pool.submit(download, url): url for url in urls}
        try:
            for F in report(urls_of):  # in the order in which they are complete
                contents[urls_of[F]] = F()
                size += len(F())
                show(len(contents), len(urls), size, end="")
        except BaseException:  # Ctrl-C, too
            pool.shutdown(wait=False, cancel_futures=True)
            raise
        finally:
            print()
            cancelled = sum(F.cancelled() for F in urls_of)
            if cancelled:
                print(f"{cancelled} were cancelled")
    return contents


# ---- what it downloads from ----


class Handler(http.server.BaseHTTPRequestHandler):
    broken = None

    def do_GET(self):
        number = int(self.path.strip("/"))
        if number == self.broken:
            self.send_error(404)
            return
        content = b"x" * (1000 + number)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def server(broken):
    handler = type("Handler", (Handler,), {"broken": broken})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{serving.server_port}"
        finally:
            serving.shutdown()


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--broken", type=int, metavar="N", help="the file that is not there")
    broken = options.parse_args().broken
    with server(broken) as address:
        try:
            download_all([f"{address}/{number}" for number in range(FILES)])
        except OSError as error:
            sys.exit(f"a download failed: {error}")


if __name__ == "__main__":
    main()
