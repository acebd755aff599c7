//! The table: a row says what is called wrongly, and what the header promises for it.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use asynchron::capi::*;

use crate::scene::Scene;
use crate::{ledger, limit, tally};

/// What a call returned.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer {
    Status(asynchron_status_t),
    State(asynchron_state_t),
    Number(i64),
    Null,
    Pointer,
    EmptyText,
    Text,
    Nothing,
}

/// What the header promises: the answer, how many of the things handed over are dropped by then,
/// and how many functions have run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Promise {
    pub answer: Answer,
    pub drops: u32,
    pub runs: u32,
}

impl Promise {
    const fn of(answer: Answer) -> Self {
        Self { answer, drops: 0, runs: 0 }
    }

    pub const fn drops(self, drops: u32) -> Self {
        Self { drops, ..self }
    }

    pub const fn runs(self, runs: u32) -> Self {
        Self { runs, ..self }
    }
}

const fn status(status: asynchron_status_t) -> Promise {
    Promise::of(Answer::Status(status))
}

pub const OK: Promise = status(asynchron_status_t::ASYNCHRON_OK);
pub const FAILED: Promise = status(asynchron_status_t::ASYNCHRON_FAILED);
pub const CANCELLED: Promise = status(asynchron_status_t::ASYNCHRON_CANCELLED);
pub const PENDING: Promise = status(asynchron_status_t::ASYNCHRON_PENDING);
pub const TIMEOUT: Promise = status(asynchron_status_t::ASYNCHRON_TIMEOUT);
pub const ALREADY: Promise = status(asynchron_status_t::ASYNCHRON_ALREADY);
pub const END: Promise = status(asynchron_status_t::ASYNCHRON_END);
pub const WOKEN: Promise = status(asynchron_status_t::ASYNCHRON_WOKEN);
pub const E_INVALID: Promise = status(asynchron_status_t::ASYNCHRON_E_INVALID);
pub const E_NOMEM: Promise = status(asynchron_status_t::ASYNCHRON_E_NOMEM);
pub const E_DEADLOCK: Promise = status(asynchron_status_t::ASYNCHRON_E_DEADLOCK);
pub const E_CLOSED: Promise = status(asynchron_status_t::ASYNCHRON_E_CLOSED);
pub const STATE_PENDING: Promise =
    Promise::of(Answer::State(asynchron_state_t::ASYNCHRON_STATE_PENDING));
pub const NULL: Promise = Promise::of(Answer::Null);
pub const POINTER: Promise = Promise::of(Answer::Pointer);
pub const EMPTY_TEXT: Promise = Promise::of(Answer::EmptyText);
pub const TEXT: Promise = Promise::of(Answer::Text);
pub const NOTHING: Promise = Promise::of(Answer::Nothing);

/// Where a plain number is returned.
pub const fn number(number: i64) -> Promise {
    Promise::of(Answer::Number(number))
}

impl From<asynchron_status_t> for Answer {
    fn from(status: asynchron_status_t) -> Self {
        Self::Status(status)
    }
}

impl From<asynchron_state_t> for Answer {
    fn from(state: asynchron_state_t) -> Self {
        Self::State(state)
    }
}

impl<T> From<*mut T> for Answer {
    fn from(pointer: *mut T) -> Self {
        if pointer.is_null() { Self::Null } else { Self::Pointer }
    }
}

impl From<*const c_char> for Answer {
    fn from(text: *const c_char) -> Self {
        if text.is_null() {
            return Self::Null;
        }
        if unsafe { CStr::from_ptr(text) }.is_empty() { Self::EmptyText } else { Self::Text }
    }
}

impl From<i32> for Answer {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Answer {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl From<usize> for Answer {
    fn from(number: usize) -> Self {
        Self::Number(i64::try_from(number).unwrap())
    }
}

impl From<()> for Answer {
    fn from((): ()) -> Self {
        Self::Nothing
    }
}

pub struct Row {
    pub function: &'static str,
    /// Begins with the kind of argument, in the words that `complete.rs` looks for.
    pub case: &'static str,
    pub promise: Promise,
    pub act: fn(&mut Scene) -> Answer,
}

/// Rows by function: `"kind of bad argument: more" => promise, |scene| call;`
macro_rules! rows {
    ($($function:ident {
        $($case:literal => $promise:expr, |$scene:pat_param| $call:expr;)+
    })+) => {
        vec![$($($crate::table::Row {
            function: stringify!($function),
            case: $case,
            promise: $promise,
            act: |$scene: &mut $crate::scene::Scene| {
                #[allow(unused_unsafe, reason = "some rows call only safe helpers")]
                let answer = unsafe { $call };
                $crate::table::Answer::from(answer)
            },
        },)+)+]
    };
}
pub(crate) use rows;

/// Plays the rows, and fails naming those that do not hold; after the first few the others would
/// say the same.
pub fn hold(rows: Vec<Row>) {
    hold_each(rows, |row| (row.function, row.case), |row| without_leak(|| play(row)));
}

pub fn hold_each<T: Send + 'static>(
    all: Vec<T>,
    name: fn(&T) -> (&'static str, &'static str),
    try_one: fn(&T) -> Result<(), String>,
) {
    limit::within(move |watch| {
        let mut broken = Vec::new();
        for one in &all {
            let (function, case) = name(one);
            watch.step(function, case);
            if let Err(why) = try_one(one) {
                broken.push(format!("{function}, {case}: {why}"));
            }
            if broken.len() == 5 {
                break;
            }
        }
        assert!(broken.is_empty(), "of {} rows\n{}", all.len(), broken.join("\n"));
    });
}

/// Runs `scene`, which fails by a panic; then everything must be free again. Something made once
/// and kept for later use is no leak: only what a third time still leaves behind is one.
pub fn without_leak(scene: impl Fn()) -> Result<(), String> {
    let mut left = 0;
    for patience in [100, 100, 2000] {
        let before = ledger::live();
        catch_unwind(AssertUnwindSafe(&scene)).map_err(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("panicked").to_owned()
        })?;
        left = ledger::left_over(before, Duration::from_millis(patience));
        if left <= 0 {
            return Ok(());
        }
    }
    Err(format!("leaves {left} allocations behind each time"))
}

fn play(row: &Row) {
    tally::reset();
    let mut scene = Scene::new();
    let answer = (row.act)(&mut scene);
    assert_eq!(answer, row.promise.answer, "the answer");
    assert_eq!(tally::runs(), row.promise.runs, "runs of functions");
    assert_eq!(scene.drops(), row.promise.drops, "drops of what was handed over");
    scene.check_unchanged();
    scene.check_that_it_works();
    let drops = scene.release();
    assert_eq!(drops, row.promise.drops, "drops of what was handed over, all released");
    assert_eq!(tally::runs(), row.promise.runs, "runs of functions, all released");
}
