//! zig.zig: Zig: each question that docs/languages.md answers for it.
const std = @import("std");
const c = @cImport({
    @cInclude("asynchron.h");
    @cInclude("given.h");
});

const FOREVER = c.ASYNCHRON_FOREVER;
const LONG = 5_000_000_000;
const Text = []const u8;

fn timer(milliseconds: u64) ?*c.asynchron_t {
    return c.asynchron_timer(milliseconds * std.time.ns_per_ms);
}

fn wait(a: ?*c.asynchron_t) c_int {
    return c.asynchron_wait(a, FOREVER);
}

fn say(text: Text) void {
    std.io.getStdOut().writer().print("{s}\n", .{text}) catch {};
}

// Errors are values in Zig, and none leaves a function that C calls: it is turned into a failure there.
fn work() !void {
    return error.NoLuck;
}

fn catches(a: ?*c.asynchron_t, _: ?*anyopaque) callconv(.C) i32 {
    work() catch |e| switch (e) {
        error.NoLuck => return c.asynchron_fail(a, 1, "no luck"),
    };
    return 0;
}

fn caught() void {
    const a = c.asynchron_create(null);
    _ = c.asynchron_call(a, catches, null);
    var why: c.asynchron_error_t = undefined;
    _ = c.asynchron_error(a, &why);
    std.io.getStdOut().writer().print("failure: {s}\n", .{why.message}) catch {};
}

var told = std.Thread.ResetEvent{};

fn end(a: ?*c.asynchron_t) void {
    std.time.sleep(100 * std.time.ns_per_ms);
    _ = c.asynchron_cancel(a);
}

// Whether another thread comes to end the wait.
fn blocking() !Text {
    const a = c.asynchron_create(null);
    _ = try std.Thread.spawn(.{}, end, .{a});
    return if (c.asynchron_wait(a, LONG) == c.ASYNCHRON_OK) "the thread" else "all";
}

fn interrupt() Text {
    say("waiting");
    _ = c.asynchron_wait(c.asynchron_create(null), LONG);
    return "went on";
}

fn tell(_: ?*c.asynchron_t, _: ?*anyopaque) callconv(.C) void {
    told.set();
}

fn callback() Text {
    _ = c.asynchron_notify(timer(100), tell, null);
    told.timedWait(10 * std.time.ns_per_s) catch return "lost";
    return "works";
}

fn waitForEver(a: ?*c.asynchron_t) void {
    _ = wait(a);
}

fn leave() !Text {
    _ = try std.Thread.spawn(.{}, waitForEver, .{c.asynchron_create(null)});
    std.time.sleep(300 * std.time.ns_per_ms);
    return "ending";
}

fn arrives() Text {
    return if (c.given_forever(FOREVER) == 1 and wait(timer(50)) == c.ASYNCHRON_OK) "arrives" else "lost";
}

pub fn main() !void {
    var arguments = std.process.args();
    _ = arguments.next();
    const question = std.meta.stringToEnum(Question, arguments.next().?).?;
    say(switch (question) {
        .version => "Zig " ++ @import("builtin").zig_version_string,
        .forever => arrives(),
        .max => return std.io.getStdOut().writer().print("{}\n", .{c.asynchron_forever()}),
        .blocking => try blocking(),
        .interrupt => interrupt(),
        .callback => callback(),
        .exit => try leave(),
        .exception => "no exceptions",
        .caught => return caught(),
    });
}

const Question = enum { version, forever, max, blocking, interrupt, callback, exit, exception, caught };
