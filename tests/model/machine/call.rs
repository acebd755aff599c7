//! What the player asks of a world, and what it writes down.

/// The player numbers everything from 0: asynchrons, reports, tokens, and things: whatever it hands over, be it a
/// context, a value, a payload or a tag.
pub type Id = usize;
pub type Thing = usize;

/// What is handed over, and whether with a drop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owned {
    pub thing: Thing,
    pub drop: bool,
}

/// Whether a wait may block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    Now,
    Soon,
    Done,
}

/// Which of several decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(fuzzing, derive(arbitrary::Arbitrary))]
pub enum Rule {
    All,
    Any,
    Race,
}

/// What a function of the program's delivers into is `made` where `into` is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Create {
        made: Id,
        name: bool,
    },
    CreateWith {
        made: Id,
        user_data: Owned,
        on_demand: Option<Owned>,
        reserve: usize,
    },
    Timer {
        made: Id,
        timeout_ns: u64,
    },
    Retain(Id),
    Release(Id),
    State(Id),
    Poll(Id),
    Name(Id),
    UserData(Id),
    IsOnDemand(Id),
    IsShared(Id),
    IsHeld(Id),
    Progress {
        a: Id,
        done: u64,
        total: u64,
    },
    ProgressOf(Id),
    SetBytes {
        a: Id,
        from: usize,
        len: usize,
    },
    SetPointer {
        a: Id,
        owned: Owned,
    },
    SetBuffer {
        a: Id,
        from: usize,
        len: usize,
        owned: Owned,
    },
    Fail {
        a: Id,
        code: i32,
        message: bool,
    },
    FailWith {
        a: Id,
        code: i32,
        domain: bool,
        message: bool,
        payload: Owned,
    },
    Cancel(Id),
    CancelWith {
        a: Id,
        reason: bool,
    },
    CancelPending {
        a: Id,
        reason: bool,
    },
    ExpireAfter {
        a: Id,
        timeout_ns: u64,
    },
    Follow {
        into: Id,
        of: Id,
    },
    Start(Id),
    WaitReturned(Id),
    Take(Id),
    Get(Id, Until),
    GetBytes {
        a: Id,
        cap: usize,
    },
    Wait(Id, Until),
    Error(Id),
    Compute(Id, Thing),
    Notify(Id, Thing),
    /// The flags `ASYNCHRON_ON_…` are the ways.
    NotifyWith {
        a: Id,
        ctx: Owned,
        token: Option<Id>,
        if_pending: bool,
        ways: u64,
        posted: bool,
    },
    Unnotify {
        a: Id,
        token: Id,
        wait: bool,
    },
    RunDue,
    /// On the executor.
    Spawn {
        a: Id,
        ctx: Owned,
    },
    /// From here on the executor's `post` refuses, or takes again.
    Refuse(bool),
    /// One more reference to it, in place of the one that was held.
    RetainExecutor,
    /// Runs or discards the nth of the tasks that it has taken, if there are any. Answers how many there were.
    Task {
        nth: usize,
        discard: bool,
    },
    ReportCreate {
        made: Id,
        of: Vec<Id>,
    },
    ReportRetain(Id),
    ReportRelease(Id),
    ReportAdd {
        r: Id,
        a: Id,
        tag: Thing,
    },
    ReportRemove {
        r: Id,
        a: Id,
    },
    ReportNext(Id, Until),
    ReportNextBatch {
        r: Id,
        cap: usize,
        until: Until,
    },
    ReportPending(Id),
    ReportWake(Id),
    ReportClose(Id),
    ReportRearm(Id),
    ReportReadable(Id),
    ReportWatch(Id, bool),
    WaitAny(Vec<Id>, Until),
    WaitAll(Vec<Id>, Until),
    /// With options, or without; `posted`: with the executor, in options.
    After {
        of: Vec<Id>,
        into: Option<Id>,
        made: Id,
        ctx: Owned,
        with: bool,
        posted: bool,
    },
    /// With options that have these flags `ASYNCHRON_ON_…`, or without.
    Then {
        of: Id,
        into: Option<Id>,
        made: Id,
        ctx: Owned,
        with: Option<u64>,
        posted: bool,
    },
    /// One more promise of that asynchron; all of them are the same.
    Promise {
        a: Id,
        cancel_unwanted: bool,
    },
    PromiseRetain(Id),
    PromiseRelease(Id),
    Group {
        rule: Rule,
        of: Vec<Id>,
        into: Option<Id>,
        made: Id,
        cancel_rest: bool,
    },
}

/// What a value points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Empty,
    /// Bytes that the library has copied, aligned as malloc's.
    Copied(Vec<u8>),
    /// Bytes of the program's.
    Lent {
        from: usize,
        len: usize,
    },
    Pointer(Thing),
    /// Anything else, which is wrong.
    Odd(usize, usize),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    Nothing,
    /// A status or a state, with nothing else.
    Is(i32),
    Value(Value),
    Bytes {
        status: i32,
        len: usize,
        bytes: Vec<u8>,
    },
    Error {
        code: i32,
        domain: String,
        message: String,
        payload: Option<Thing>,
    },
    Text(String),
    Number(usize),
    Progress {
        done: u64,
        total: u64,
    },
    Handle(Option<Id>),
    Data(Option<Thing>),
    Items(Vec<(Id, Option<Thing>)>),
    Index(usize),
}

/// What happened, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Called(Call),
    Answered(Answer),
    /// A callback or a function of the program's begins and ends.
    Begins {
        of: Id,
        sources: Vec<Id>,
        ctx: Thing,
    },
    Ends(Thing),
    Dropped(Thing),
    /// What no world may do.
    Fault(String),
}

pub trait World {
    fn ask(&self, call: &Call) -> Answer;
    /// How many asynchrons and reports there are, if it knows.
    fn left(&self) -> Option<usize>;
}

pub const NAME: &str = "a name";
pub const DOMAIN: &str = "a domain";
pub const MESSAGE: &str = "a message";
/// What the library calls one that nobody named, without its number, and says of one that broke.
pub const UNNAMED: &str = "asynchron-N";
pub const BROKEN: &str = "broken";
pub const EXPIRED: &str = "its time ran out";
/// A deadline that no program lives to see.
pub const HOUR: u64 = 3_600_000_000_000;
pub const BROKEN_DOMAIN: &str = "asynchron";

/// The bytes that values are made of, so that no two stretches of them look alike.
pub static BYTES: [u8; 512] = {
    let mut bytes = [0; 512];
    let mut at = 0;
    while at < bytes.len() {
        bytes[at] = (at * 7 + at / 256) as u8;
        at += 1;
    }
    bytes
};

/// The index of a `wait_any` whose first was not complete when it was called: any that is.
pub const ANY: usize = usize::MAX;
