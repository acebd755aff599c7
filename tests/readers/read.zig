//! Has the compiler translate asynchron.h, and uses it.
const std = @import("std");
const c = @cImport(@cInclude("asynchron.h"));

pub fn main() !void {
    const a = c.asynchron_create("answer");
    const n: i32 = 42;
    if (c.asynchron_set_bytes(a, &n, @sizeOf(i32)) != c.ASYNCHRON_OK) return error.Refused;
    var value: c.asynchron_value_t = undefined;
    if (c.asynchron_get_timeout(a, c.ASYNCHRON_FOREVER, &value) != c.ASYNCHRON_OK) return error.Refused;
    const got: *const i32 = @ptrCast(@alignCast(value.data));
    if (value.len != @sizeOf(i32) or got.* != n) return error.Wrong;
    c.asynchron_release(a);
    try std.io.getStdOut().writer().print("read by translate-c\n", .{});
}
