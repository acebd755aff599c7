//! Executors that release themselves, with threads of their own or with a queue of the test's.

use super::*;
use std::ffi::CString;
use std::sync::Mutex;

pub struct Executor(*mut asynchron_executor_t);

unsafe impl Send for Executor {}
unsafe impl Sync for Executor {}

pub const EXECUTOR_OPTIONS: asynchron_executor_options_t = asynchron_executor_options_t {
    size: size_of::<asynchron_executor_options_t>(),
    name: null(),
    threads: 0,
    stack_size: 0,
    flags: 0,
    post: None,
    ctx: null_mut(),
    drop_ctx: None,
};

impl Executor {
    pub fn create(options: &asynchron_executor_options_t) -> Self {
        let mut out = null_mut();
        assert_eq!(unsafe { asynchron_executor_create(options, &mut out) }, ASYNCHRON_OK);
        assert!(!out.is_null());
        Self(out)
    }

    /// With so many threads at a time.
    pub fn threads(threads: usize) -> Self {
        Self::create(&asynchron_executor_options_t { threads, ..EXECUTOR_OPTIONS })
    }

    pub fn named(name: &str) -> Self {
        let name = CString::new(name).unwrap();
        Self::create(&asynchron_executor_options_t { name: name.as_ptr(), ..EXECUTOR_OPTIONS })
    }

    pub fn default() -> Self {
        Self(asynchron_executor_default())
    }

    pub fn raw(&self) -> *mut asynchron_executor_t {
        self.0
    }

    pub fn spawn<F: FnMut(*mut asynchron_t) -> i32 + Send + 'static>(
        &self,
        a: &Handle,
        f: F,
    ) -> asynchron_status_t {
        spawn_on(self, a, f)
    }

    pub fn shutdown(&self, flags: u64, timeout_ns: u64) -> asynchron_status_t {
        unsafe { asynchron_executor_shutdown(self.0, flags, timeout_ns) }
    }
}

impl Clone for Executor {
    fn clone(&self) -> Self {
        assert_eq!(unsafe { asynchron_executor_retain(self.0) }, self.0);
        Self(self.0)
    }
}

impl Drop for Executor {
    fn drop(&mut self) {
        unsafe { asynchron_executor_release(self.0) };
    }
}

/// The tasks that a test was given.
#[derive(Clone, Default)]
pub struct Tasks(Arc<Mutex<Vec<usize>>>, Arc<AtomicBool>);

impl Tasks {
    /// An executor that adds what it is given to these.
    pub fn executor(&self) -> Executor {
        unsafe extern "C" fn post(task: *mut asynchron_task_t, ctx: *mut c_void) -> i32 {
            let tasks = unsafe { &*ctx.cast::<Tasks>() };
            if tasks.1.load(SeqCst) {
                return 1;
            }
            tasks.0.lock().unwrap().push(task.addr());
            0
        }
        unsafe extern "C" fn forget(ctx: *mut c_void) {
            drop(unsafe { Box::from_raw(ctx.cast::<Tasks>()) });
        }
        Executor::create(&asynchron_executor_options_t {
            post: Some(post),
            ctx: Box::into_raw(Box::new(self.clone())).cast(),
            drop_ctx: Some(forget),
            ..EXECUTOR_OPTIONS
        })
    }

    /// From now on every task is refused.
    pub fn refuse(&self) {
        self.1.store(true, SeqCst);
    }

    /// Whether the executor still knows these.
    pub fn are_kept(&self) -> bool {
        Arc::strong_count(&self.1) > 1
    }

    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Takes the oldest out; NULL if there is none.
    pub fn take(&self) -> *mut asynchron_task_t {
        let mut tasks = self.0.lock().unwrap();
        if tasks.is_empty() { null_mut() } else { tasks.remove(0) as *mut _ }
    }

    /// Runs all that there are, and says how many.
    pub fn run(&self) -> usize {
        let mut count = 0;
        loop {
            let task = self.take();
            if task.is_null() {
                return count;
            }
            unsafe { asynchron_task_run(task) };
            count += 1;
        }
    }

    pub fn discard(&self) -> usize {
        let mut count = 0;
        loop {
            let task = self.take();
            if task.is_null() {
                return count;
            }
            unsafe { asynchron_task_discard(task) };
            count += 1;
        }
    }
}
