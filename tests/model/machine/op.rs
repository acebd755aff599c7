//! What a program does, as it is generated: numbers that mean something in whatever situation they meet. A handle, a
//! report, a token is the nth of those at hand; a script the nth of the program's.

use std::fmt::{Debug, Formatter, Result};

use super::call::Rule;

/// What is done first, and the scripts that the program's callbacks, functions and drops follow when they run.
#[derive(Clone)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub struct Program {
    pub main: Vec<Op>,
    pub scripts: Vec<Script>,
}

impl Program {
    /// Whether something in it may have what it computes follow another, and so not be complete when it returns.
    pub fn follows(&self) -> bool {
        let mut ops = self.scripts.iter().flat_map(|script| &script.ops);
        ops.any(|op| matches!(op, Op::Follow { .. }))
    }
}

#[derive(Clone, Debug, Default)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub struct Script {
    pub ops: Vec<Op>,
    /// What a function that computes a value returns.
    pub returns: i8,
}

/// One of the handles at hand: inside a function, its own and its sources come first.
pub type At = u8;
/// One of the reports at hand.
pub type In = u8;
/// One of the scripts.
pub type Does = u8;
/// The script of a drop; none is a drop of NULL.
pub type Frees = Option<u8>;

#[derive(Clone, Copy, Debug)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub enum Time {
    /// A timeout of 0.
    Zero,
    /// One of a nanosecond, which may block.
    Brief,
    /// Without end. Where nothing could end it, as brief.
    Forever,
}

/// A few handles, the same one more than once, too.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub struct Few {
    pub n: u8,
    pub at: [At; 3],
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub enum Op {
    Create {
        named: bool,
    },
    CreateWith {
        drop_data: Frees,
        on_demand: Option<Does>,
        drop_ctx: Frees,
        reserve: u8,
    },
    /// One that has fired, or never will.
    Timer {
        fires: bool,
    },
    Retain(At),
    Release(At),
    State(At),
    Poll(At),
    Name(At),
    UserData(At),
    IsOnDemand(At),
    IsShared(At),
    IsHeld(At),
    Progress {
        a: At,
        done: u8,
        total: u8,
    },
    ProgressOf(At),
    SetBytes {
        a: At,
        len: u8,
    },
    SetPointer {
        a: At,
        drop: Frees,
    },
    SetBuffer {
        a: At,
        len: u8,
        drop: Frees,
    },
    Fail {
        a: At,
        code: i8,
        message: bool,
    },
    FailWith {
        a: At,
        code: i8,
        domain: bool,
        message: bool,
        drop: Frees,
    },
    Cancel(At),
    CancelWith {
        a: At,
        reason: bool,
    },
    CancelPending {
        a: At,
        reason: bool,
    },
    /// Now, in an hour, or never.
    ExpireAfter {
        a: At,
        limit: u8,
    },
    Follow {
        into: At,
        a: At,
    },
    /// Nobody computes it then: it is delivered, or stays.
    Start(At),
    WaitReturned(At),
    Take(At),
    RunDue,
    Spawn {
        a: At,
        does: Does,
        drop: Frees,
    },
    Refuse(bool),
    RetainExecutor,
    Task {
        nth: u8,
        discard: bool,
    },
    Get {
        a: At,
        time: Time,
    },
    GetBytes {
        a: At,
        cap: u8,
    },
    Wait {
        a: At,
        time: Time,
    },
    Error(At),
    Call {
        a: At,
        does: Does,
    },
    Notify {
        a: At,
        does: Does,
    },
    NotifyWith {
        a: At,
        does: Does,
        drop: Frees,
        token: bool,
        if_pending: bool,
        /// Of three bits.
        ways: u8,
        posted: bool,
    },
    /// `of_another` asks the wrong asynchron.
    Unnotify {
        token: u8,
        of_another: Option<At>,
        wait: bool,
    },
    ReportCreate(Few),
    ReportRetain(In),
    ReportRelease(In),
    ReportAdd {
        r: In,
        a: At,
    },
    ReportRemove {
        r: In,
        a: At,
    },
    ReportNext {
        r: In,
        time: Time,
    },
    ReportNextBatch {
        r: In,
        cap: u8,
        time: Time,
    },
    ReportPending(In),
    ReportWake(In),
    ReportClose(In),
    ReportRearm(In),
    /// Whether its descriptor is readable.
    ReportReadable(In),
    ReportWatch {
        r: In,
        watch: bool,
    },
    WaitAny {
        few: Few,
        time: Time,
    },
    WaitAll(Few),
    After {
        few: Few,
        into: Option<At>,
        does: Does,
        drop: Frees,
        with: bool,
        posted: bool,
    },
    Then {
        a: At,
        into: Option<At>,
        does: Does,
        drop: Frees,
        /// With options, whose ways are three bits.
        with: Option<u8>,
        posted: bool,
    },
    Promise {
        a: At,
        cancel_unwanted: bool,
    },
    /// The nth of those at hand.
    PromiseRetain(u8),
    PromiseRelease(u8),
    Group {
        rule: Rule,
        few: Few,
        into: Option<At>,
        cancel_rest: bool,
    },
}

/// An operation a line, so that it can be read.
impl Debug for Program {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        self.main.iter().try_for_each(|op| write!(out, "\n  {op:?}"))?;
        for (n, script) in self.scripts.iter().enumerate() {
            write!(out, "\nscript {n}, returns {}", script.returns)?;
            script.ops.iter().try_for_each(|op| write!(out, "\n  {op:?}"))?;
        }
        Ok(())
    }
}
