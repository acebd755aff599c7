//! Rule 10, the descriptor: readable exactly while an item or a wake is there.

use crate::support::*;

fn readable(fd: i32) -> bool {
    let mut poll = libc::pollfd { fd, events: libc::POLLIN, revents: 0 };
    let n = unsafe { libc::poll(&mut poll, 1, 0) };
    assert!(n >= 0 && poll.revents & !libc::POLLIN == 0, "{n}, {:#x}", poll.revents);
    n == 1
}

#[test]
fn readable_exactly_while_something_is_there() {
    within(60, || {
        let (r, all) = (Report::new(), Handle::many(3));
        let fd = r.fd();
        assert!(fd >= 0);
        assert!(!readable(fd), "the end is not an item");
        all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
        assert!(!readable(fd));
        all[0].set(b"x");
        assert!(readable(fd));
        all[1].fail(1, "x");
        assert!(r.next(0).is_ok() && readable(fd), "one of two is left");
        assert!(r.next(0).is_ok() && !readable(fd));
        r.wake();
        r.wake();
        assert!(readable(fd));
        assert!(r.next(0).is_err() && readable(fd), "one of two wakes is left");
        assert!(r.next(0).is_err() && !readable(fd));
        r.wake();
        all[2].cancel();
        assert!(r.next(0).is_err() && readable(fd), "the item is left");
        r.remove(&all[2]);
        assert!(!readable(fd), "taken out");
        // Complete when it is added; both of a batch.
        r.add(&all[0], 0);
        assert!(readable(fd));
        r.add(&all[1], 1);
        let mut items =
            [(); 2].map(|()| asynchron_item_t { asynchron: null_mut(), tag: null_mut() });
        let mut n = 0;
        let out = items.as_mut_ptr();
        let mut take =
            |at| unsafe { asynchron_report_next_batch(r.raw(), 0, out.add(at), 1, &mut n) };
        assert!(take(0) == ASYNCHRON_OK && readable(fd));
        assert!(take(1) == ASYNCHRON_OK && !readable(fd));
        items.iter().for_each(|item| drop(Handle::owned(item.asynchron)));
        // next that ends otherwise changes nothing.
        assert!(r.next(0).is_err() && !readable(fd));
    });
}

/// Made on first use, whatever has happened before.
#[test]
fn first_asked_for_when_something_is_there() {
    let (r, a) = (Report::new(), Handle::new());
    r.add(&a, 0);
    a.set(b"x");
    let fd = r.fd();
    assert!(readable(fd));
    assert!(r.next(0).is_ok() && !readable(fd));
    let r = Report::new();
    r.wake();
    assert!(readable(r.fd()));
}

#[test]
fn one_per_report_close_on_exec_non_blocking() {
    let (r, other) = (Report::new(), Report::new());
    let fd = r.fd();
    assert_eq!((r.fd(), r.clone().fd()), (fd, fd));
    assert_ne!(other.fd(), fd);
    let flags = |command| unsafe { libc::fcntl(fd, command) };
    assert_eq!(flags(libc::F_GETFD) & libc::FD_CLOEXEC, libc::FD_CLOEXEC);
    assert_eq!(flags(libc::F_GETFL) & libc::O_NONBLOCK, libc::O_NONBLOCK);
    #[cfg(target_os = "linux")]
    {
        let link = std::fs::read_link(format!("/proc/self/fd/{fd}")).unwrap();
        let kind = if cfg!(asynchron_portable) { "pipe:" } else { "anon_inode:[eventfd]" };
        assert!(link.to_str().is_some_and(|name| name.starts_with(kind)), "{link:?}");
    }
    // The other report's is its own.
    r.wake();
    assert!(readable(fd) && !readable(other.fd()));
}

/// No descriptor before it is asked for, none after the report is gone, however often.
#[test]
fn made_on_first_use_and_closed_with_the_report() {
    in_child(60, || {
        let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = open();
        let r = Report::new();
        let a = Handle::new();
        r.add(&a, 0);
        assert_eq!((r.next_tag(MS), open()), (Err(ASYNCHRON_TIMEOUT), before));
        let fd = r.fd();
        assert_eq!(open(), before + if cfg!(asynchron_portable) { 2 } else { 1 });
        let other = r.clone();
        drop(r);
        assert_eq!(unsafe { libc::fcntl(fd, libc::F_GETFD) }, libc::FD_CLOEXEC);
        drop(other);
        assert_eq!((open(), unsafe { libc::fcntl(fd, libc::F_GETFD) }), (before, -1));
        for _ in 0..5000 {
            let r = Report::of(std::slice::from_ref(&a));
            assert!(r.fd() >= 0);
            r.wake();
        }
        assert_eq!(open(), before);
    });
}

/// Without a descriptor to be had it is a status, and the report goes on without one.
/// As a child of a fork has one: a loop that watches it would spin.
#[test]
fn a_copy_of_the_descriptor_is_silent_once_the_report_is_gone() {
    let (r, a) = (Report::new(), Handle::new());
    r.add(&a, 0);
    a.set(b"x");
    let copy = unsafe { libc::dup(r.fd()) };
    assert!(copy >= 0 && readable(copy));
    drop(r);
    let mut poll = libc::pollfd { fd: copy, events: libc::POLLIN, revents: 0 };
    assert!(unsafe { libc::poll(&mut poll, 1, 0) } >= 0 && poll.revents & libc::POLLIN == 0);
    unsafe { libc::close(copy) };
}

/// All copies share it, and some hosts clear it in theirs.
#[test]
fn no_call_waits_for_the_descriptor_though_somebody_had_it_block() {
    within(60, || {
        let (r, all) = (Report::new(), Handle::many(2));
        let fd = r.fd();
        assert_eq!(unsafe { libc::fcntl(fd, libc::F_SETFL, 0) }, 0);
        all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
        all[0].set(b"x");
        // What rings is taken away by one who must not.
        let mut count = 0_u64;
        assert!(unsafe { libc::read(fd, (&raw mut count).cast(), 8) } > 0);
        assert!(r.next(0).is_ok());
        for _ in 0..5 {
            assert!(r.next(0).is_err(), "nothing is there, and the descriptor is looked at");
        }
        all[1].set(b"x");
        assert!(readable(fd) && r.next(0).is_ok() && !readable(fd));
    });
}

#[test]
fn none_to_be_had_is_a_status() {
    in_child(60, || {
        let set = |n| unsafe {
            let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
            limit.rlim_cur = if n == 0 { 0 } else { limit.rlim_max };
            assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
        };
        let (r, a) = (Report::new(), Handle::new());
        r.add(&a, 1);
        set(0);
        assert_eq!(r.fd(), ASYNCHRON_E_SYSTEM as i32);
        a.set(b"x");
        assert_eq!(r.next_tag(0), Ok(1));
        r.wake();
        set(1);
        let fd = r.fd();
        assert!(fd >= 0 && readable(fd));
    });
}

/// Asked for by several at once it is still one.
#[test]
fn first_use_by_several_threads() {
    in_child(60, || {
        memory::quarantine();
        type Subject = (Report, AtomicUsize, AtomicUsize);
        race(
            2000,
            |_| (Report::new(), AtomicUsize::new(0), AtomicUsize::new(0)),
            &[
                &|s: &Subject| s.1.store(s.0.fd() as usize, SeqCst),
                &|s| s.2.store(s.0.fd() as usize, SeqCst),
                &|s| s.0.wake(),
            ],
            |s: Subject| {
                assert_eq!(s.1.load(SeqCst), s.2.load(SeqCst));
                assert!(readable(s.0.fd()), "the wake is there");
                assert!(s.0.next(0).is_err() && !readable(s.0.fd()));
            },
        );
    });
}

/// Items come and go on two threads at once; whenever they rest, the descriptor is right.
#[test]
fn right_after_every_race() {
    in_child(120, || {
        memory::quarantine();
        type Subject = (Report, Vec<Handle>);
        race(
            4000,
            |round| {
                let (r, all) = (Report::new(), Handle::many(3));
                if round % 2 == 0 {
                    r.fd();
                }
                all.iter().enumerate().for_each(|(tag, a)| r.add(a, tag));
                (r, all)
            },
            &[
                &|(_, all): &Subject| all.iter().for_each(|a| _ = a.set(b"x")),
                &|(r, _)| _ = r.next(0),
                &|(r, all)| _ = (r.next(0), r.remove(&all[1]), r.fd()),
            ],
            |(r, _): Subject| {
                let fd = r.fd();
                loop {
                    // All are complete, so what is pending is there to be taken.
                    assert_eq!(readable(fd), r.pending() > 0);
                    if r.next(0).is_err() {
                        return;
                    }
                }
            },
        );
    });
}

/// A loop that sleeps in poll(2) and takes what is there misses nothing.
#[test]
fn a_poll_loop_misses_nothing() {
    within(120, || {
        const N: usize = 50_000;
        let (r, all) = (Report::new(), Handle::many(N));
        all.iter().for_each(|a| r.add(a, 0));
        let deliverer = std::thread::spawn(move || {
            for (n, a) in all.iter().enumerate() {
                a.set(b"x");
                if n % 64 == 0 {
                    std::thread::yield_now();
                }
            }
        });
        let mut taken = 0;
        while taken < N {
            let mut poll = libc::pollfd { fd: r.fd(), events: libc::POLLIN, revents: 0 };
            assert_eq!(unsafe { libc::poll(&mut poll, 1, -1) }, 1);
            assert_eq!(r.next_tag(0), Ok(0), "readable, and yet nothing there");
            taken += 1;
            while taken % 3 != 0 && r.next(0).is_ok() {
                taken += 1;
            }
        }
        assert!(!readable(r.fd()));
        deliverer.join().unwrap();
    });
}

/// The system calls by which this thread has read, if the system tells.
fn reads() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    text.lines().find_map(|line| line.strip_prefix("syscr: ")?.parse().ok())
}

/// An event loop asks until there is nothing, each time that it is rung. That last answer costs no system call.
#[test]
fn a_loop_that_asks_until_there_is_nothing_reads_the_descriptor_once_each_time() {
    const ROUNDS: usize = 100;
    within(60, || {
        let r = Report::new();
        let kept = Handle::new();
        r.add(&kept, 0);
        assert!(r.fd() >= 0);
        let Some(before) = reads() else { return };
        let own = reads().unwrap() - before;
        for _ in 0..ROUNDS {
            let a = Handle::new();
            r.add(&a, 1);
            a.set(b"x");
            assert_eq!(r.next_tag(0), Ok(1));
            assert_eq!(r.next_tag(0), Err(ASYNCHRON_TIMEOUT));
        }
        let read = reads().unwrap() - before - 2 * own;
        assert!(read <= ROUNDS, "{read} reads in {ROUNDS} rounds");
    });
}
