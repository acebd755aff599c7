//! Rule 9: as many background threads as processors; one more each 10 ms, when a task has been queued for so long; none
//! that has rested for a second.

use crate::support::process::try_in_child;
use crate::support::*;
use std::fs;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

/// What a task lies before it gets a thread of its own.
const PATIENCE: Duration = Duration::from_millis(10);
const REST: Duration = Duration::from_secs(1);

/// Those that the process may use: the library asks the same.
fn processors() -> usize {
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    assert_eq!(unsafe { libc::sched_getaffinity(0, size_of_val(&set), &mut set) }, 0);
    unsafe { libc::CPU_COUNT(&set) as usize }
}

/// The threads of this process, and how many of them sleep.
fn threads() -> (usize, usize) {
    let states: Vec<_> = fs::read_dir("/proc/self/task")
        .unwrap()
        .filter_map(|task| fs::read_to_string(task.ok()?.path().join("stat")).ok())
        .filter_map(|stat| stat.rsplit(')').next()?.trim().chars().next())
        .collect();
    (states.len(), states.iter().filter(|state| **state == 'S').count())
}

/// All threads but this one sleep, for more than a moment.
fn until_all_rest() {
    until(|| {
        (0..5).all(|_| {
            thread::sleep(Duration::from_millis(1));
            let (all, asleep) = threads();
            asleep + 1 >= all
        })
    });
}

/// So many tasks that hold their threads until the gate is open, and when each of them began, after this call did.
struct Holders {
    gate: Gate,
    all: Vec<Handle>,
    began: Arc<Mutex<Vec<Duration>>>,
}

impl Holders {
    fn spawn(n: usize) -> Self {
        let (gate, began) = (Gate::new(), Arc::new(Mutex::new(Vec::new())));
        let (all, start) = (Handle::many(n), Instant::now());
        for a in &all {
            let (gate, began) = (gate.clone(), began.clone());
            let status = spawn(a, move |_| {
                began.lock().unwrap().push(start.elapsed());
                gate.pass();
                0
            });
            assert_eq!(status, ASYNCHRON_OK);
        }
        Self { gate, all, began }
    }

    fn begun(&self) -> usize {
        self.began.lock().unwrap().len()
    }

    fn finish(self) {
        until(|| self.begun() == self.all.len());
        self.gate.open();
        assert_eq!(handle::wait_all(&self.all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
    }

    /// Those for which there is no processor began one by one, each 10 ms after the one before.
    fn finish_after_lying(self, places: usize) {
        until(|| self.begun() == self.all.len());
        let mut began = self.began.lock().unwrap().clone();
        began.sort();
        for (nth, began) in began.iter().skip(places).enumerate() {
            let lain = PATIENCE * (nth as u32 + 1);
            assert!(*began >= lain, "number {nth} of those that had to lie began after {began:?}");
        }
        self.finish();
    }
}

#[test]
fn beyond_the_processors_a_task_lies_for_10_ms() {
    in_child(120, || {
        let places = processors();
        // Also where threads rest, which came when there was need of them.
        for _ in 0..3 {
            Holders::spawn(places + 4).finish_after_lying(places);
            until_all_rest();
        }
        // Those that rest are as many as before: a place that was left is free again.
        let before = threads().0;
        for _ in 0..20 {
            Holders::spawn(places).finish();
            until_all_rest();
        }
        assert!(threads().0 <= before, "{} threads, and {before} before", threads().0);
    });
}

/// So many threads, one after another, each of which sleeps for as long as a task lies, and then starts the next: how
/// fast the library's can come on this machine.
fn chain_of_threads(length: usize, start: Instant) -> Vec<Duration> {
    if length == 0 {
        return Vec::new();
    }
    thread::sleep(PATIENCE);
    let woke = start.elapsed();
    let mut began = thread::spawn(move || chain_of_threads(length - 1, start)).join().unwrap();
    began.push(woke);
    began
}

fn median_gap(mut began: Vec<Duration>) -> Duration {
    began.sort();
    let mut gaps: Vec<_> = began.windows(2).map(|two| two[1] - two[0]).collect();
    gaps.sort();
    gaps[gaps.len() / 2]
}

/// While tasks are blocked where the library cannot see it, and others lie, a thread is added each 10 ms, and not more
/// seldom. Compared with threads that are started in the same way at the same time: a busy machine holds up both.
#[test]
fn a_thread_is_added_each_10_ms_while_tasks_sleep_elsewhere() {
    let mut last = Ok(());
    for _ in 0..10 {
        last = try_in_child(120, || {
            const MANY: usize = 100;
            let chain = thread::spawn(|| chain_of_threads(MANY, Instant::now()));
            let holders = Holders::spawn(processors() + MANY);
            until(|| holders.begun() == holders.all.len());
            let began = holders.began.lock().unwrap().clone();
            holders.finish();
            let (ours, theirs) = (median_gap(began), median_gap(chain.join().unwrap()));
            assert!(ours * 2 < theirs * 3, "one each {ours:?}, where each {theirs:?} is possible");
        });
        if last.is_ok() {
            return;
        }
    }
    panic!("{}", last.unwrap_err());
}

/// A thread that sleeps in a wait of the library's holds no place, and takes one again when it goes on.
#[test]
fn those_that_have_slept_in_our_waits_count_again() {
    in_child(120, || {
        let places = processors();
        let source = Handle::new();
        let sleepers: Vec<_> = (0..places)
            .map(|_| {
                let (a, source, gate) = (Handle::new(), source.clone(), Gate::new());
                let (entered, held) = (Arc::new(AtomicBool::new(false)), gate.clone());
                let inside = entered.clone();
                spawn(&a, move |_| {
                    source.wait(ASYNCHRON_FOREVER);
                    inside.store(true, SeqCst);
                    held.pass();
                    0
                });
                (a, gate, entered)
            })
            .collect();
        until_all_rest();
        // They sleep: as many others have a place.
        Holders::spawn(places).finish();
        until_all_rest();
        source.set(b"x");
        until(|| sleepers.iter().all(|(_, _, entered)| entered.load(SeqCst)));
        // They go on: none has.
        Holders::spawn(3).finish_after_lying(0);
        for (a, gate, _) in &sleepers {
            gate.open();
            assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        }
        until_all_rest();
        Holders::spawn(places + 2).finish_after_lying(places);
    });
}

/// One more than there are processors, which then sleeps, leaves as many as there are.
#[test]
fn one_that_sleeps_beyond_the_processors_makes_no_room() {
    in_child(120, || {
        let (places, start) = (processors(), Instant::now());
        let holders = Holders::spawn(places);
        until(|| holders.begun() == places);
        let (sleeper, source, last) = (Handle::new(), Handle::new(), Handle::new());
        let waited_for = source.clone();
        let began = Arc::new(AtomicU64::new(0));
        let begins = began.clone();
        spawn(&sleeper, move |_| waited_for.wait(ASYNCHRON_FOREVER) as i32);
        spawn(&last, move |_| {
            begins.store(start.elapsed().as_millis() as u64, SeqCst);
            0
        });
        last.wait(ASYNCHRON_FOREVER);
        // The sleeper lay for 10 ms, and the last one for 10 ms more.
        assert!(began.load(SeqCst) >= 20, "after {} ms", began.load(SeqCst));
        source.set(b"x");
        assert_eq!(sleeper.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
        holders.finish();
    });
}

/// One that waits while there is nothing else to do starts no other.
#[test]
fn there_are_no_more_threads_than_tasks() {
    in_child(120, || {
        let (before, a, source) = (threads().0, Handle::new(), Handle::new());
        let waited_for = source.clone();
        spawn(&a, move |_| waited_for.wait(ASYNCHRON_FOREVER) as i32);
        until(|| a.state() == ASYNCHRON_STATE_RUNNING);
        until_all_rest();
        assert_eq!(threads().0, before + 1);
        source.set(b"x");
        assert_eq!(a.wait(ASYNCHRON_FOREVER), ASYNCHRON_OK);
    });
}

/// Processor time of all threads but this one.
fn time_of_the_others() -> Duration {
    let [all, mine] =
        [libc::CLOCK_PROCESS_CPUTIME_ID, libc::CLOCK_THREAD_CPUTIME_ID].map(|clock| {
            let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            assert_eq!(unsafe { libc::clock_gettime(clock, &mut time) }, 0);
            Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
        });
    all.saturating_sub(mine)
}

/// All of them go, not before their time, and others come. Until then they cost nothing.
#[test]
fn threads_that_have_rested_for_a_second_end() {
    in_child(120, || {
        let before = threads().0;
        for _ in 0..2 {
            let holders = Holders::spawn(processors() + 4);
            until(|| holders.begun() == holders.all.len());
            let busy = threads().0;
            assert!(busy >= before + holders.all.len(), "{busy} threads, {before} before");
            let (begin, used) = (Instant::now(), time_of_the_others());
            holders.finish();
            until(|| threads().0 < busy);
            assert!(begin.elapsed() >= REST, "a thread went after {:?}", begin.elapsed());
            until(|| threads().0 == before);
            let used = time_of_the_others() - used;
            assert!(used < REST / 5, "those at rest used {used:?}");
        }
    });
}

/// Where many tasks have lain, they leave no room behind.
#[test]
fn a_long_queue_is_not_kept() {
    in_child(120, || {
        const MANY: usize = 200_000;
        until_all_rest();
        let before = memory::in_use();
        let holders = Holders::spawn(processors());
        let all = Handle::many(MANY);
        for a in &all {
            assert_eq!(spawn(a, |_| 0), ASYNCHRON_OK);
        }
        let queued = memory::in_use() - before;
        holders.finish();
        assert_eq!(handle::wait_all(&all, ASYNCHRON_FOREVER), ASYNCHRON_OK);
        drop(all);
        until_all_rest();
        let kept = memory::in_use().saturating_sub(before);
        assert!(kept < MANY && queued > 50 * MANY, "{kept} bytes left of {queued}");
    });
}
