//! Plays a program on a world, and writes down what happened. What the program's own functions and drops do when they
//! run is in its scripts: they call back in.
//!
//! The player keeps the one rule that the library leaves to the program: whoever calls holds a reference meanwhile,
//! but for the call that delivers. And it makes no circle of asynchrons that wait for each other, which would stay
//! for ever: what steps and groups deliver into is younger than their sources.

mod perform;

use std::cell::RefCell;
use std::rc::Rc;

use super::call::*;
use super::op::{At, Does, Few, Frees, In, Op, Program, Script, Time};

/// So many operations one program may do, its scripts included, and so deep they may nest.
const OPS: usize = 400;
const DEPTH: usize = 12;
/// So many handles and reports it holds at a time, when it makes one more.
const HELD: usize = 8;
const REPORTS: usize = 3;

thread_local! {
    static PLAYER: RefCell<Option<Rc<Player>>> = const { RefCell::new(None) };
}

struct Player {
    world: Box<dyn World>,
    program: Program,
    expected: Option<Vec<Event>>,
    now: RefCell<Now>,
}

#[derive(Default)]
struct Now {
    happened: Vec<Event>,
    /// How the world parted from what was expected. From then on nothing is done.
    parted: Option<String>,
    done: usize,
    /// References of the program's own: an asynchron is in there once for each.
    held: Vec<Id>,
    reports: Vec<Id>,
    /// What there are promises of, once for each.
    promises: Vec<Id>,
    /// Each with the asynchron that it is of.
    tokens: Vec<(Id, Id)>,
    things: Vec<Handed>,
    made: usize,
    on_demand: Vec<Id>,
    started: Vec<Id>,
    /// What calls are using that have not returned yet.
    used: Vec<Id>,
    used_reports: Vec<Id>,
    /// The handles that each of the functions which are running was given.
    given: Vec<Vec<Id>>,
}

struct Handed {
    does: Option<Does>,
    drop: Frees,
    drops: usize,
}

/// What happened; or why this cannot be.
pub fn play(
    program: &Program,
    world: impl World + 'static,
    expected: Option<Vec<Event>>,
) -> Result<Vec<Event>, String> {
    let now = RefCell::new(Now::default());
    let (world, program) = (Box::new(world), program.clone());
    let player = Rc::new(Player { world, program, expected, now });
    PLAYER.set(Some(player.clone()));
    player.play();
    PLAYER.set(None);
    player.check()
}

/// A function of the program's runs: for `of`, with the context `ctx`. What it returns.
pub fn ran(of: Id, sources: &[Id], ctx: Thing) -> i32 {
    let Some(player) = PLAYER.with_borrow(Clone::clone) else { return 0 };
    player.note(Event::Begins { of, sources: sources.into(), ctx });
    let script = player.script(player.now.borrow().things.get(ctx).and_then(|thing| thing.does));
    player.follow(&script, [&[of], sources].concat());
    player.note(Event::Ends(ctx));
    script.returns.into()
}

/// The drop of what was handed over runs.
pub fn dropped(thing: Thing) {
    let Some(player) = PLAYER.with_borrow(Clone::clone) else { return };
    player.note(Event::Dropped(thing));
    let drop = player.now.borrow_mut().things.get_mut(thing).and_then(|thing| {
        thing.drops += 1;
        thing.drop
    });
    player.follow(&player.script(drop), Vec::new());
}

/// Something that no world may do.
pub fn fault(what: String) {
    if let Some(player) = PLAYER.with_borrow(Clone::clone) {
        player.note(Event::Fault(what));
    }
}

impl Player {
    fn play(&self) {
        for op in [Op::Create { named: false }, Op::Create { named: false }] {
            self.perform(op);
        }
        self.perform(Op::ReportCreate(Few { n: 0, at: [0; 3] }));
        self.program.main.iter().for_each(|&op| self.perform(op));
        while self.let_go() || self.let_go_of_last_promise() || self.run_left_task() {}
    }

    /// What was posted must be run.
    fn run_left_task(&self) -> bool {
        let parted = self.now.borrow().parted.is_some();
        !parted && self.ask(Call::Task { nth: 0, discard: false }) != Answer::Number(0)
    }

    fn let_go_of_last_promise(&self) -> bool {
        let last = {
            let now = self.now.borrow();
            now.promises.last().copied().filter(|_| now.parted.is_none())
        };
        last.into_iter().for_each(|a| self.let_go_of_promise(a));
        last.is_some()
    }

    /// Gives up one of what is held at the end. A script may make more.
    fn let_go(&self) -> bool {
        let (held, report) = {
            let mut now = self.now.borrow_mut();
            if now.parted.is_some() {
                return false;
            }
            let held = (!now.held.is_empty()).then(|| now.held.remove(0));
            let report = (held.is_none() && !now.reports.is_empty()).then(|| now.reports.remove(0));
            (held, report)
        };
        held.into_iter().for_each(|a| _ = self.ask(Call::Release(a)));
        report.into_iter().for_each(|r| _ = self.ask(Call::ReportRelease(r)));
        held.is_some() || report.is_some()
    }

    fn check(&self) -> Result<Vec<Event>, String> {
        let now = self.now.take();
        if let Some(parted) = now.parted {
            return Err(parted);
        }
        if let Some(next) = self.expected.as_ref().and_then(|all| all.get(now.happened.len())) {
            return Err(format!("at the end this was missing: {next:?}"));
        }
        for (thing, handed) in now.things.iter().enumerate() {
            if handed.drops != usize::from(handed.drop.is_some()) {
                return Err(format!("thing {thing} was dropped {} times", handed.drops));
            }
        }
        match self.world.left() {
            Some(left) if left > 0 => Err(format!("{left} asynchrons and reports are left")),
            _ => Ok(now.happened),
        }
    }

    fn note(&self, event: Event) {
        let mut now = self.now.borrow_mut();
        if now.parted.is_some() {
            return;
        }
        if let Some(expected) = &self.expected {
            let at = now.happened.len();
            if expected.get(at) != Some(&event) {
                let before: Vec<String> =
                    now.happened.iter().map(|event| format!("{event:?}")).collect();
                let before = before[at.saturating_sub(40)..].join("\n  ");
                let (should, is) = (expected.get(at), event);
                now.parted =
                    Some(format!("after\n  {before}\nexpected\n  {should:?}\nbut got\n  {is:?}"));
                return;
            }
        }
        now.happened.push(event);
    }

    fn ask(&self, call: Call) -> Answer {
        self.note(Event::Called(call.clone()));
        let answer = self.world.ask(&call);
        self.note(Event::Answered(answer.clone()));
        answer
    }

    fn script(&self, of: Option<Does>) -> Script {
        let scripts = &self.program.scripts;
        let index = usize::from(of.unwrap_or(0)).checked_rem(scripts.len());
        index.filter(|_| of.is_some()).map(|index| scripts[index].clone()).unwrap_or_default()
    }

    fn follow(&self, script: &Script, mut given: Vec<Id>) {
        given.dedup();
        self.now.borrow_mut().given.push(given);
        if self.now.borrow().given.len() <= DEPTH {
            script.ops.iter().for_each(|&op| self.perform(op));
        }
        self.now.borrow_mut().given.pop();
    }

    /// The nth of the handles at hand.
    fn at(&self, n: At) -> Option<Id> {
        let now = self.now.borrow();
        let given = now.given.last().into_iter().flatten();
        let all: Vec<Id> = given.chain(&now.held).copied().collect();
        usize::from(n).checked_rem(all.len()).map(|n| all[n])
    }

    fn report(&self, n: In) -> Option<Id> {
        let now = self.now.borrow();
        usize::from(n).checked_rem(now.reports.len()).map(|n| now.reports[n])
    }

    fn few(&self, few: Few) -> Vec<Id> {
        few.at[..usize::from(few.n % 4)].iter().filter_map(|&n| self.at(n)).collect()
    }

    fn make(&self) -> Id {
        let mut now = self.now.borrow_mut();
        now.made += 1;
        now.made - 1
    }

    fn hand(&self, does: Option<Does>, drop: Frees) -> Owned {
        let mut now = self.now.borrow_mut();
        now.things.push(Handed { does, drop, drops: 0 });
        Owned { thing: now.things.len() - 1, drop: drop.is_some() }
    }
}
