# SWIG makes a Python module of asynchron.h.
command -v swig >/dev/null && python3 -c 'import sysconfig, os; os.stat(sysconfig.get_path("include") + "/Python.h")' || exit 77
swig -python -w451 -I"$INCLUDE" -o wrapped.c -outdir . "$HERE/swig.i"
cc -shared -fPIC -I"$(python3 -c 'import sysconfig; print(sysconfig.get_path("include"))')" -I"$INCLUDE" wrapped.c \
    -L"$LIBRARIES" -lasynchron -o _swigged.so
PYTHONPATH=. python3 -B "$HERE/read_made.py" swigged
