// Imports what the compiler makes of asynchron.h, as C, and uses it.
import asynchron_c;

import std.stdio : writeln;

void main()
{
    auto a = asynchron_create("answer");
    const int n = 42;
    assert(asynchron_set_bytes(a, &n, n.sizeof) == ASYNCHRON_OK);
    asynchron_value_t value;
    assert(asynchron_get_timeout(a, asynchron_forever(), &value) == ASYNCHRON_OK);
    assert(value.len == n.sizeof && *cast(const(int)*) value.data == n);
    asynchron_release(a);
    writeln("read by ImportC");
}
