//! How a row is played without memory: each of its requests is refused in turn, alone and together
//! with all that follow, until it is granted what it asks for.

use std::cell::Cell;

use crate::ledger::{Deny, denied};
use crate::scene::Scene;
use crate::table::{Promise, Row, hold_each, without_leak};
use crate::tally;

/// The row's promise is the refusal; the other is what holds, all released, when it is granted.
pub type Trial = (Row, Promise);

/// Rows by function: `"what asks" => refusal, granted, |scene| call;`
macro_rules! trials {
    ($($function:ident {
        $($case:literal => $refused:expr, $granted:expr, |$scene:pat_param| $call:expr;)+
    })+) => {
        vec![$($((
            rows! { $function { $case => $refused, |$scene| $call; } }.remove(0),
            $granted,
        ),)+)+]
    };
}
pub(crate) use trials;

/// Plays every row, refusing request by request. It must be refused at least once.
pub fn hold_without_memory(trials: Vec<Trial>) {
    hold_each(trials, name, |trial| until_granted(trial, true));
}

/// The same, where nothing need be asked for.
pub fn hold_with_or_without_memory(trials: Vec<Trial>) {
    hold_each(trials, name, |trial| until_granted(trial, false));
}

fn name((row, _): &Trial) -> (&'static str, &'static str) {
    (row.function, row.case)
}

fn until_granted((row, granted): &Trial, must_ask: bool) -> Result<(), String> {
    for deny in [Deny::Only as fn(usize) -> Deny, Deny::From] {
        let mut nth = 1;
        while refused(row, *granted, deny(nth)).map_err(|why| format!("{:?}: {why}", deny(nth)))? {
            nth += 1;
        }
        if must_ask && nth == 1 {
            return Err("asks for no memory".to_owned());
        }
    }
    Ok(())
}

/// Whether any request was refused.
fn refused(row: &Row, granted: Promise, deny: Deny) -> Result<bool, String> {
    let refusals = Cell::new(0);
    without_leak(|| refusals.set(play(row, granted, deny)))?;
    Ok(refusals.get() > 0)
}

/// Returns how many requests were refused.
fn play(row: &Row, granted: Promise, deny: Deny) -> usize {
    tally::reset();
    let mut scene = Scene::new();
    let (answer, refusals) = denied(deny, || (row.act)(&mut scene));
    if refusals > 0 && answer == row.promise.answer {
        assert_eq!(scene.drops(), row.promise.drops, "drops of what was handed over, refused");
        assert_eq!(tally::runs(), 0, "runs of functions, refused");
        scene.check_unchanged();
        scene.check_that_it_works();
        assert_eq!(scene.release(), row.promise.drops, "drops, refused and all released");
        assert_eq!(tally::runs(), 0, "runs of functions, refused and all released");
    } else {
        assert_eq!(answer, granted.answer, "the answer, with {refusals} requests refused");
        if row.function == "asynchron_spawn" {
            until_dropped(&scene);
        }
        let drops = scene.release();
        assert_eq!(drops, granted.drops, "drops of what was handed over, granted and all released");
        assert_eq!(tally::runs(), granted.runs, "runs of functions, granted and all released");
    }
    refusals
}

/// What was spawned must have run before the scene ends.
fn until_dropped(scene: &Scene) {
    while scene.drops() == 0 {
        std::thread::yield_now();
    }
}
