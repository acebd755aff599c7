# ctypesgen makes a Python module of asynchron.h.
command -v ctypesgen >/dev/null || exit 77
ctypesgen --all-headers -I"$INCLUDE" -L"$LIBRARIES" -lasynchron "$INCLUDE/asynchron.h" -o ctypesgenerated.py >said 2>&1
PYTHONPATH=. python3 -B "$HERE/read_made.py" ctypesgenerated
