//! Rule 3: no user code runs under a lock of the library: callbacks, functions and drops may call anything, on any
//! handle. Every one of them here calls everything, itself and from a second thread for which it waits: a lock that
//! is held, recursive or not, hangs.

use crate::support::callbacks::release_it;
use crate::support::process;
use crate::support::*;
use std::sync::Mutex;
use std::thread;

/// What the user code calls everything on. Both must be alive, which the tests see to.
#[derive(Clone)]
struct Subject {
    a: usize,
    r: Report,
    /// Which user code came by.
    seen: Arc<Mutex<Vec<&'static str>>>,
}

unsafe extern "C" fn no_notify(_: *mut asynchron_t, _: *mut c_void) {}

unsafe extern "C" fn no_fn(_: *mut asynchron_t, _: *mut c_void) -> i32 {
    0
}

unsafe extern "C" fn no_join(
    _: *mut asynchron_t,
    _: *const *mut asynchron_t,
    _: usize,
    _: *mut c_void,
) -> i32 {
    0
}

/// Calls every function on `a`, which is complete after the first line, and on `r`.
fn everything(a: *mut asynchron_t, r: *mut asynchron_report_t) {
    let (no, none) = (null_mut::<c_void>(), null_mut());
    let mut v = asynchron_value_t { data: null(), len: 0 };
    let mut e = asynchron_error_t { code: 0, domain: null(), message: null(), payload: null() };
    let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
    let mut buffer = [0u8; 64];
    let list = [a, a];
    unsafe {
        asynchron_set_bytes(a, c"value".as_ptr().cast(), 5);
        asynchron_set_pointer(a, no, None);
        asynchron_set_buffer(a, no, 0, no, None);
        asynchron_fail(a, 1, null());
        asynchron_fail_with(a, 1, null(), null(), no, None);
        asynchron_cancel(a);
        asynchron_cancel_with(a, null());
        asynchron_state(a);
        asynchron_poll(a);
        asynchron_name(a);
        asynchron_user_data(a);
        _ = asynchron_get(a, &mut v);
        _ = asynchron_get_timeout(a, SEC, &mut v);
        _ = asynchron_get_bytes(a, buffer.as_mut_ptr().cast(), 64, null_mut());
        asynchron_wait(a, SEC);
        asynchron_error(a, &mut e);
        asynchron_call(a, Some(no_fn), no);
        _ = asynchron_spawn(a, Some(no_fn), no, None);
        _ = asynchron_notify(a, Some(no_notify), no);
        asynchron_unnotify(a, u64::MAX);
        _ = asynchron_try_unnotify(a, u64::MAX);
        asynchron_wait_any(list.as_ptr(), 2, SEC, null_mut());
        asynchron_wait_all(list.as_ptr(), 2, SEC);
        asynchron_release(asynchron_after(list.as_ptr(), 2, none, Some(no_join), no, None));
        asynchron_release(asynchron_then(a, none, Some(no_join), no, None));
        _ = asynchron_report_add(r, a, no);
        _ = asynchron_report_add(r, a, no);
        asynchron_report_pending(r);
        asynchron_report_fd(r);
        asynchron_report_remove(r, a);
        _ = asynchron_report_next(r, SEC, &mut item);
        asynchron_release(item.asynchron);
        asynchron_report_wake(r);
        _ = asynchron_report_next(r, SEC, &mut item);
        asynchron_report_release(asynchron_report_retain(r));
        asynchron_release(asynchron_retain(a));
    }
}

impl Subject {
    fn new(a: &Handle) -> Self {
        Subject { a: a.raw() as usize, r: Report::new(), seen: Arc::default() }
    }

    /// The user code of this name runs.
    fn visit(&self, name: &'static str) {
        let (a, r) = (self.a, self.r.clone());
        everything(a as *mut asynchron_t, r.raw());
        start(move || everything(a as *mut asynchron_t, r.raw())).join();
        self.seen.lock().unwrap().push(name);
    }

    /// A closure's part that visits when the closure is dropped.
    fn visit_at_drop(&self, name: &'static str) -> OnDrop<impl FnMut() + use<>> {
        let subject = self.clone();
        OnDrop(move || subject.visit(name))
    }

    fn assert_seen(&self, expected: &[&str]) {
        assert_eq!(*self.seen.lock().unwrap(), expected);
    }
}

#[test]
fn callbacks_and_their_drops() {
    for way in 0..5 {
        within(60, move || {
            let a = Handle::new();
            let subject = Subject::new(&a);
            let (inside, at_drop) = (subject.clone(), subject.visit_at_drop("drop_ctx"));
            let token = notify(&a, move |_| {
                let _owned = &at_drop;
                inside.visit("callback");
            });
            match way {
                0 => _ = a.set(b"x"),
                1 => _ = a.fail(1, "x"),
                2 => _ = a.cancel(),
                3 => return assert_unnotified(a, token, &subject),
                _ => drop(a),
            }
            subject.assert_seen(&["callback", "drop_ctx"]);
        });
    }
    within(60, || {
        let a = Handle::new();
        a.set(b"x");
        let subject = Subject::new(&a);
        let (inside, at_drop) = (subject.clone(), subject.visit_at_drop("drop_ctx"));
        notify(&a, move |_| {
            let _owned = &at_drop;
            inside.visit("at once");
        });
        subject.assert_seen(&["at once", "drop_ctx"]);
    });
}

fn assert_unnotified(a: Handle, token: u64, subject: &Subject) {
    assert_eq!(a.unnotify(token), ASYNCHRON_OK);
    subject.assert_seen(&["drop_ctx"]);
}

#[test]
fn functions_and_their_drops() {
    within(60, || {
        let a = Handle::new();
        let subject = Subject::new(&a);
        call(&a, |_| {
            subject.visit("call");
            0
        });
        subject.assert_seen(&["call"]);
    });
    within(60, || {
        let a = Handle::new();
        let subject = Subject::new(&a);
        let (inside, at_drop) = (subject.clone(), subject.visit_at_drop("drop_ctx"));
        spawn(&a, move |_| {
            let _owned = &at_drop;
            inside.visit("spawn");
            0
        });
        until(|| subject.seen.lock().unwrap().len() == 2);
        subject.assert_seen(&["spawn", "drop_ctx"]);
    });
    within(60, || {
        let cell = Arc::new(Mutex::new(None::<Subject>));
        let (inside, at_drop) = (cell.clone(), cell.clone());
        let visit = |cell: &Mutex<Option<Subject>>, name| {
            let subject = cell.lock().unwrap().clone().unwrap();
            subject.visit(name);
        };
        let at_drop = OnDrop(move || visit(&at_drop, "drop_ctx"));
        let a = on_demand(move |_| {
            let _owned = &at_drop;
            visit(&inside, "on demand");
            0
        });
        let subject = Subject::new(&a);
        *cell.lock().unwrap() = Some(subject.clone());
        a.wait(ASYNCHRON_FOREVER);
        subject.assert_seen(&["on demand", "drop_ctx"]);
    });
}

#[test]
fn joins_and_their_drops() {
    // What is visited is first the source, then the asynchron that the function computes.
    for (join, at) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
        within(60, move || {
            let (source, into) = (Handle::new(), Handle::new());
            let subject = Subject::new([&source, &into][at]);
            let (inside, at_drop) = (subject.clone(), subject.visit_at_drop("drop_ctx"));
            let run = move |_: *mut asynchron_t, _: &[*mut asynchron_t]| {
                let _owned = &at_drop;
                inside.visit("join");
                0
            };
            let _same = match join {
                0 => then(&source, Some(&into), run),
                _ => after(std::slice::from_ref(&source), Some(&into), run),
            };
            source.set(b"x");
            subject.assert_seen(&["join", "drop_ctx"]);
        });
    }
}

/// Hands a value over whose drop visits.
fn give(a: *mut asynchron_t, way: usize, subject: &Subject, name: &'static str) {
    type Visit = (Subject, &'static str);
    unsafe extern "C" fn visit(p: *mut c_void) {
        let (subject, name) = *unsafe { Box::from_raw(p.cast::<Visit>()) };
        subject.visit(name);
    }
    let visitor: Visit = (subject.clone(), name);
    let p = Box::into_raw(Box::new(visitor)).cast();
    unsafe {
        match way {
            0 => asynchron_set_pointer(a, p, Some(visit)),
            1 => asynchron_set_buffer(a, p, 1, p, Some(visit)),
            2 => asynchron_fail_with(a, 1, null(), null(), p, Some(visit)),
            _ => {
                drop(Handle::owned({
                    let b = with_user_data(p, Some(visit));
                    b.set(b"x");
                    b.into_raw()
                }));
                ASYNCHRON_OK
            }
        }
    };
}

#[test]
fn drops_of_values() {
    for way in 0..4 {
        within(60, move || {
            let other = Handle::new();
            let subject = Subject::new(&other);
            give(Handle::new().raw(), way, &subject, "last release");
            subject.assert_seen(&["last release"]);
        });
    }
    for way in 0..3 {
        within(60, move || {
            let a = Handle::new();
            a.set(b"x");
            let subject = Subject::new(&a);
            give(a.raw(), way, &subject, "refused");
            give(null_mut(), way, &subject, "no handle");
            subject.assert_seen(&["refused", "no handle"]);
        });
    }
}

/// The last reference is a report's: what runs when it lets go may use that report, too.
#[test]
fn drops_inside_a_report() {
    for (pending, removed) in [(false, true), (false, false), (true, true), (true, false)] {
        within(60, move || {
            let (a, other) = (Handle::new(), Handle::new());
            let subject = Subject::new(&other);
            let report = if removed { subject.r.clone() } else { Report::new() };
            report.add(&a, 0);
            if pending {
                // It learns that nobody is left to deliver.
                let inside = subject.clone();
                notify(&a, move |_| inside.visit("let go"));
            } else {
                give(a.raw(), 0, &subject, "let go");
            }
            let raw = a.raw();
            drop(a);
            if removed {
                assert_eq!(unsafe { asynchron_report_remove(report.raw(), raw) }, ASYNCHRON_OK);
            } else {
                drop(report);
            }
            subject.assert_seen(&["let go"]);
        });
    }
}

/// Anything includes letting go of the last reference, of the very asynchron whose callback runs.
#[test]
fn a_callback_releases_what_it_runs_for() {
    within(60, || {
        let tally = Tally::new();
        let a = Handle::new();
        let raw = a.into_raw() as usize;
        let b = Handle::shared(raw as *mut asynchron_t);
        notify(&b, move |a| unsafe { release_it(a.cast()) });
        b.set_pointer(tally.ptr(), tally.drop_fn());
        drop(b);
        assert_eq!(tally.drops(), 1);
    });
}

/// malloc and free, too, may be the program's own, and slow.
#[test]
fn no_lock_is_held_while_memory_is_asked_for_or_given_back() {
    let program = process::compile("no_lock_around_malloc.c", &[]);
    process::run(process::command(&program, &[]), 60).assert_quiet_success();
}

/// Nor is the program's memory used under one: where it lies in a file, the system may have to fetch it first. Here a
/// handler of faults takes the disk's part, and takes its time.
#[test]
fn the_program_s_memory_is_used_without_a_lock() {
    in_child(60, || {
        PAGE.store(unreadable_page(), SeqCst);
        catch_faults();
        for len in [1, 8, 16, 17, 32, 33, 4096] {
            others_deliver_first(move |a, page| unsafe { asynchron_set_bytes(a.raw(), page, len) });
        }
        others_deliver_into_room();
        others_deliver_first(|a, page| unsafe { asynchron_fail(a.raw(), 1, page.cast()) });
        others_deliver_first(|a, page| unsafe { asynchron_cancel_with(a.raw(), page.cast()) });
        others_deliver_first(|a, token| {
            let status = notify_flags(a, ASYNCHRON_NOTIFY_IF_PENDING, |_| (), token.cast());
            assert_eq!(unsafe { *token.cast::<u64>() }, 0, "none was given");
            status
        });
        others_add_to_the_report();
    });
}

/// Whoever delivers by memory that is not there yet holds nobody up, and comes too late.
fn others_deliver_first(
    deliver: impl FnOnce(&Handle, *mut c_void) -> asynchron_status_t + Send + 'static,
) {
    let a = Handle::new();
    let theirs = a.clone();
    let late = while_it_is_fetched(
        move |page| deliver(&theirs, page),
        || {
            notify(&a, |_| ());
            assert_eq!(a.set(b"first"), ASYNCHRON_OK);
        },
    );
    assert_eq!(late, ASYNCHRON_ALREADY);
    assert_eq!(a.get().unwrap(), b"first");
}

/// Nor does one that fills the room that was reserved for the value: a smaller one needs none, and neither does a cancel. Whoever
/// would fill it, too, waits for a moment only.
fn others_deliver_into_room() {
    let a = reserved(PAGE_SIZE);
    let (filling, waiting) = (a.clone(), a.clone());
    let late = while_it_is_fetched(
        move |page| unsafe { asynchron_set_bytes(filling.raw(), page, PAGE_SIZE) },
        || {
            notify(&a, |_| ());
            assert_eq!(waiting.set(&[1; PAGE_SIZE]), ASYNCHRON_OK);
        },
    );
    assert_eq!((late, a.get().unwrap()), (ASYNCHRON_ALREADY, vec![1; PAGE_SIZE]));
    let a = reserved(PAGE_SIZE);
    let filling = a.clone();
    let late = while_it_is_fetched(
        move |page| unsafe { asynchron_set_bytes(filling.raw(), page, PAGE_SIZE) },
        || assert_eq!((a.poll(), a.cancel()), (ASYNCHRON_PENDING, ASYNCHRON_OK)),
    );
    assert_eq!(late, ASYNCHRON_CANCELLED);
    let (a, fill) = (reserved(PAGE_SIZE), reserved(PAGE_SIZE));
    let theirs = a.clone();
    let late = while_it_is_fetched(
        move |page| unsafe { asynchron_set_bytes(theirs.raw(), page, PAGE_SIZE) },
        || assert_eq!((a.set(b"first"), fill.set(&[1; PAGE_SIZE])), (ASYNCHRON_OK, ASYNCHRON_OK)),
    );
    assert_eq!((late, a.get().unwrap()), (ASYNCHRON_ALREADY, b"first".to_vec()));
    assert_eq!(fill.get().unwrap(), [1; PAGE_SIZE]);
}

/// Nor does who asks for items where they cannot be written yet.
fn others_add_to_the_report() {
    for cap in [1, 2, 100] {
        let (report, all) = (Report::new(), Handle::many(50));
        all.iter().for_each(|a| assert_eq!(a.set(b"x"), ASYNCHRON_OK));
        all.iter().enumerate().for_each(|(tag, a)| report.add(a, tag));
        let theirs = report.clone();
        let next = move |page: *mut c_void| {
            let (mut n, out) = (0, page.cast::<asynchron_item_t>());
            let r = theirs.raw();
            let status = unsafe { asynchron_report_next_batch(r, 0, out, cap, &mut n) };
            assert_eq!((status, n), (ASYNCHRON_OK, cap.min(all.len())));
            let items = unsafe { std::slice::from_raw_parts(out, n) };
            for (item, a) in items.iter().zip(&all) {
                assert_eq!(item.asynchron, a.raw(), "in their order");
                unsafe { asynchron_release(item.asynchron) };
            }
        };
        while_it_is_fetched(next, || report.add(&Handle::new(), 0));
    }
}

/// What `use_page` returns, which has to wait for the page until all that `meanwhile` does is done.
fn while_it_is_fetched<R: Send + 'static>(
    use_page: impl FnOnce(*mut c_void) -> R + Send + 'static,
    meanwhile: impl FnOnce(),
) -> R {
    IN_USE.store(false, SeqCst);
    IS_THERE.store(false, SeqCst);
    let user = thread::spawn(|| use_page(PAGE.load(SeqCst) as *mut c_void));
    while !IN_USE.load(SeqCst) {
        thread::yield_now();
    }
    meanwhile();
    IS_THERE.store(true, SeqCst);
    let result = user.join().unwrap();
    protect(PAGE.load(SeqCst), libc::PROT_NONE);
    result
}

const PAGE_SIZE: usize = 4096;
static PAGE: AtomicUsize = AtomicUsize::new(0);
static IN_USE: AtomicBool = AtomicBool::new(false);
static IS_THERE: AtomicBool = AtomicBool::new(false);

fn unreadable_page() -> usize {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    let page = unsafe { libc::mmap(null_mut(), PAGE_SIZE, libc::PROT_NONE, flags, -1, 0) };
    assert_ne!(page, libc::MAP_FAILED);
    page as usize
}

fn protect(page: usize, how: i32) {
    assert_eq!(unsafe { libc::mprotect(page as *mut c_void, PAGE_SIZE, how) }, 0);
}

/// From now on whoever uses the page waits until it is there.
fn catch_faults() {
    extern "C" fn fault(_: i32, info: *mut libc::siginfo_t, _: *mut c_void) {
        let page = PAGE.load(SeqCst);
        let at = unsafe { (*info).si_addr() } as usize;
        if !(page..page + PAGE_SIZE).contains(&at) {
            std::process::abort();
        }
        IN_USE.store(true, SeqCst);
        while !IS_THERE.load(SeqCst) {
            thread::yield_now();
        }
        protect(page, libc::PROT_READ | libc::PROT_WRITE);
    }
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = fault as extern "C" fn(i32, *mut libc::siginfo_t, *mut c_void) as usize;
    action.sa_flags = libc::SA_SIGINFO;
    assert_eq!(unsafe { libc::sigaction(libc::SIGSEGV, &action, null_mut()) }, 0);
}
