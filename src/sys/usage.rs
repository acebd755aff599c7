//! Linux: what a thread of this process uses of the processors.

use std::io::Write;

/// The system's number of the calling thread.
pub(crate) fn thread_number() -> u32 {
    // SAFETY: a plain query.
    let number = unsafe { libc::syscall(libc::SYS_gettid) };
    u32::try_from(number).unwrap_or(0)
}

/// For how many nanoseconds a thread has used a processor; `None` if there is no such thread.
pub(crate) fn processor_time(thread: u32) -> Option<u64> {
    // As pthread_getcpuclockid makes it, of a thread's number: that wants a thread which is still there.
    const PER_THREAD_SCHEDULED: libc::clockid_t = 6;
    let clock = (!(thread as libc::clockid_t) << 3) | PER_THREAD_SCHEDULED;
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a live timespec for the call to fill.
    if unsafe { libc::clock_gettime(clock, &mut time) } != 0 {
        return None;
    }
    Some((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
}

/// Whether it runs, or would if there were a processor for it. False, too, where /proc is not to be had.
pub(crate) fn is_runnable(thread: u32) -> bool {
    let mut path = [0_u8; 48];
    if write!(path.as_mut_slice(), "/proc/self/task/{thread}/stat\0").is_err() {
        return false;
    }
    // Bare system calls: libc's own are cancellation points.
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    // SAFETY: reads the path up to its zero.
    let file = unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, path.as_ptr(), flags, 0) };
    if file < 0 {
        return false;
    }
    let mut stat = [0_u8; 64];
    // SAFETY: reads as many bytes as there is room for.
    let read = unsafe { libc::syscall(libc::SYS_read, file, stat.as_mut_ptr(), stat.len()) };
    // SAFETY: the descriptor is ours and is not used again.
    unsafe { libc::syscall(libc::SYS_close, file) };
    let Some(stat) = usize::try_from(read).ok().and_then(|read| stat.get(..read)) else {
        return false;
    };
    // The state comes after the name, which is in brackets and may hold some itself.
    let name_end = stat.iter().rposition(|byte| *byte == b')');
    name_end.and_then(|end| stat.get(end..)).is_some_and(|rest| rest.starts_with(b") R"))
}
