//! Linux: what a new thread would inherit from the thread that happens to start it.
//!
//! A thread of the library serves everybody, so it begins as the process did: with what the thread that loaded the
//! library had then (the first thread, unless the library comes by dlopen), or what the first thread has now. All of
//! it is set by the new thread itself: what the system refuses then stays as it was, and keeps no thread away. But one
//! that began as idle might not come to that for long on a busy machine: it is started with the policy.

use std::io::Write;
use std::mem;
use std::ptr;
use std::sync::OnceLock;

use super::THREAD_NAME;

/// As many memory nodes as Linux can have.
const NODES: usize = 1024;
/// In the names that ioprio_get and ioprio_set go by: one thread. Zero is the caller.
const IOPRIO_WHO_PROCESS: libc::c_int = 1;

/// What can only be asked by a thread about itself, or may differ by the time that it is asked.
struct AtLoad {
    processors: Option<libc::cpu_set_t>,
    timer_slack: libc::c_int,
    memory: Option<MemoryPolicy>,
}

struct MemoryPolicy {
    mode: libc::c_int,
    nodes: [libc::c_ulong; NODES / libc::c_ulong::BITS as usize],
}

static AT_LOAD: OnceLock<AtLoad> = OnceLock::new();

/// Run by the loader, before the program can have changed anything.
#[used]
#[unsafe(link_section = ".init_array")]
static ASK_AT_LOAD: extern "C" fn() = {
    extern "C" fn load() {
        AT_LOAD.get_or_init(AtLoad::ask);
    }
    load
};

impl AtLoad {
    fn ask() -> Self {
        Self {
            processors: first_threads_processors(),
            // SAFETY: a plain query.
            timer_slack: unsafe { libc::prctl(libc::PR_GET_TIMERSLACK, NO, NO, NO, NO) },
            memory: MemoryPolicy::ask(),
        }
    }
}

fn first_threads_processors() -> Option<libc::cpu_set_t> {
    // SAFETY: all zeroes is an empty cpu_set_t.
    let mut set: libc::cpu_set_t = unsafe { mem::zeroed() };
    // Fails only above 1024 processors.
    // SAFETY: the set is as large as said.
    let failed = unsafe { libc::sched_getaffinity(first_thread(), size_of_val(&set), &mut set) };
    (failed == 0).then_some(set)
}

fn first_thread() -> libc::pid_t {
    // SAFETY: a plain query.
    unsafe { libc::getpid() }
}

impl MemoryPolicy {
    fn ask() -> Option<Self> {
        let mut asked = Self { mode: 0, nodes: [0; NODES / libc::c_ulong::BITS as usize] };
        let (mode, nodes) = (&raw mut asked.mode, asked.nodes.as_mut_ptr());
        // SAFETY: writes the mode, and as many bits of nodes as there is room for.
        let failed = unsafe {
            libc::syscall(libc::SYS_get_mempolicy, mode, nodes, NODES, ptr::null::<u8>(), 0)
        };
        (failed == 0).then_some(asked)
    }

    fn set(&self) {
        let nodes = self.nodes.as_ptr();
        // SAFETY: reads as many bits of nodes as there are.
        unsafe { libc::syscall(libc::SYS_set_mempolicy, self.mode, nodes, NODES) };
    }
}

/// The number of processors that this process may use, if it can be told.
pub(super) fn processors() -> Option<usize> {
    let set = AT_LOAD.get_or_init(AtLoad::ask).processors.as_ref()?;
    // SAFETY: the set was filled in.
    usize::try_from(unsafe { libc::CPU_COUNT(set) }).ok()
}

// In every libc for Linux, but not declared for all of them by the crate.
unsafe extern "C" {
    fn pthread_attr_setinheritsched(
        attr: *mut libc::pthread_attr_t,
        inherit: libc::c_int,
    ) -> libc::c_int;
    fn pthread_attr_setschedpolicy(
        attr: *mut libc::pthread_attr_t,
        policy: libc::c_int,
    ) -> libc::c_int;
    fn pthread_attr_setschedparam(
        attr: *mut libc::pthread_attr_t,
        param: *const libc::sched_param,
    ) -> libc::c_int;
}
const PTHREAD_INHERIT_SCHED: libc::c_int = 0;
const PTHREAD_EXPLICIT_SCHED: libc::c_int = 1;

/// Has a thread that is started with these attributes begin with SCHED_OTHER. False: the calling thread has that, and
/// to inherit it costs nothing.
pub(super) fn begin_as_others(attr: &mut libc::pthread_attr_t) -> bool {
    // SAFETY: a plain query. Not libc's function, which musl lets fail.
    let policy = unsafe { libc::syscall(libc::SYS_sched_getscheduler, 0) };
    if policy == libc::c_long::from(libc::SCHED_OTHER) {
        return false;
    }
    let normal = normal_priority();
    // SAFETY: the attributes are initialised.
    unsafe { pthread_attr_setschedpolicy(attr, libc::SCHED_OTHER) };
    // SAFETY: the attributes are initialised; reads the parameters.
    unsafe { pthread_attr_setschedparam(attr, &normal) };
    // SAFETY: the attributes are initialised.
    unsafe { pthread_attr_setinheritsched(attr, PTHREAD_EXPLICIT_SCHED) == 0 }
}

/// Has it begin with the policy of the calling thread.
pub(super) fn begin_as_here(attr: &mut libc::pthread_attr_t) {
    // SAFETY: the attributes are initialised.
    unsafe { pthread_attr_setinheritsched(attr, PTHREAD_INHERIT_SCHED) };
}

fn normal_priority() -> libc::sched_param {
    // SAFETY: all zeroes is the only priority of `SCHED_OTHER`.
    unsafe { mem::zeroed() }
}

/// Makes the calling thread, which has just been started, neutral, and names it so, or, if that is empty,
/// "asynchron/`number`".
pub(crate) fn become_neutral(number: u32, name: &[u8; THREAD_NAME]) {
    if name.first() == Some(&0) {
        name_by_number(number);
    } else {
        set_name(name);
    }
    // First, since a real-time thread has no timer slack to set.
    be_scheduled_as_the_first_thread();
    let loaded = AT_LOAD.get_or_init(AtLoad::ask);
    if let Some(processors) = &loaded.processors {
        // SAFETY: the set is as large as said.
        unsafe { libc::sched_setaffinity(0, size_of_val(processors), processors) };
    }
    // Zero would mean what the thread that started this one had.
    if let Some(slack) = libc::c_ulong::try_from(loaded.timer_slack).ok().filter(|ns| *ns > 0) {
        // SAFETY: a plain system call without pointers.
        unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, slack, NO, NO, NO) };
    }
    if let Some(memory) = &loaded.memory {
        memory.set();
    }
    // What is done with it when its memory fails is the system's to say.
    // SAFETY: a plain system call without pointers.
    unsafe { libc::prctl(libc::PR_MCE_KILL, NO, NO, NO, NO) };
    floating_point_as_at_start();
}

/// prctl takes five arguments, and memcheck looks at all of them.
const NO: libc::c_ulong = 0;

/// Nothing is allocated for it. The name has room for five digits.
fn name_by_number(number: u32) {
    let mut name = [0; THREAD_NAME];
    // The last byte stays zero, whatever does not fit before it.
    if let Some(mut room) = name.get_mut(..THREAD_NAME - 1) {
        let _ = write!(room, "asynchron/{number}");
    }
    set_name(&name);
}

/// The last byte is zero.
fn set_name(name: &[u8; THREAD_NAME]) {
    // SAFETY: reads the name up to its zero.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr(), NO, NO, NO) };
}

fn be_scheduled_as_the_first_thread() {
    let normal = normal_priority();
    // SAFETY: reads the parameters. Not libc's function, which musl lets fail.
    unsafe { libc::syscall(libc::SYS_sched_setscheduler, 0, libc::SCHED_OTHER, &raw const normal) };
    let first = first_thread();
    // SAFETY: a plain query. -1 is also a nice value, and it is as good as any that is no error.
    let nice = unsafe { libc::getpriority(libc::PRIO_PROCESS, first as _) };
    // SAFETY: a plain system call without pointers. 0 is this thread.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, nice) };
    // SAFETY: a plain query.
    let io = unsafe { libc::syscall(libc::SYS_ioprio_get, IOPRIO_WHO_PROCESS, first) };
    if io >= 0 {
        // SAFETY: a plain system call without pointers.
        unsafe { libc::syscall(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, io) };
    }
}

/// As a program begins: rounds to nearest, traps nothing, flushes nothing to zero. By hand, since fesetenv is in
/// libm, which the library does without.
fn floating_point_as_at_start() {
    #[cfg(any(target_arch = "x86_64", all(target_arch = "x86", target_feature = "sse")))]
    {
        let all_masked = 0x1f80_u32;
        let control = &raw const all_masked;
        // SAFETY: no code in between relies on the control registers; x87's stack is empty here.
        unsafe {
            std::arch::asm!(
                "fninit",
                "ldmxcsr [{control}]",
                control = in(reg) control,
                out("st(0)") _, out("st(1)") _, out("st(2)") _, out("st(3)") _,
                out("st(4)") _, out("st(5)") _, out("st(6)") _, out("st(7)") _,
                options(nostack, readonly),
            );
        }
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: no code in between relies on the control register.
    unsafe {
        std::arch::asm!("msr fpcr, xzr", options(nostack, nomem));
    }
}
