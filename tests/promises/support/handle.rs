//! Handles and reports that release themselves, with the C functions as methods.

use super::*;

/// One reference to an asynchron.
pub struct Handle(*mut asynchron_t);

// SAFETY: a handle may be used and released from any thread; that is what the library promises.
unsafe impl Send for Handle {}
// SAFETY: as above.
unsafe impl Sync for Handle {}

impl Drop for Handle {
    fn drop(&mut self) {
        unsafe { asynchron_release(self.0) }
    }
}

impl Clone for Handle {
    fn clone(&self) -> Self {
        Handle::shared(self.0)
    }
}

/// What asynchron_error tells, copied.
#[derive(Debug, PartialEq, Eq, Clone)]
pub struct Failure {
    pub code: i32,
    pub domain: String,
    pub message: String,
    pub payload: usize,
}

impl Handle {
    pub fn new() -> Self {
        Handle::owned(unsafe { asynchron_create(null()) })
    }

    /// Takes over a reference.
    pub fn owned(raw: *mut asynchron_t) -> Self {
        assert!(!raw.is_null(), "no asynchron");
        Handle(raw)
    }

    /// Makes a reference of its own.
    pub fn shared(raw: *mut asynchron_t) -> Self {
        Handle::owned(unsafe { asynchron_retain(raw) })
    }

    pub fn many(n: usize) -> Vec<Handle> {
        (0..n).map(|_| Handle::new()).collect()
    }

    pub fn raw(&self) -> *mut asynchron_t {
        self.0
    }

    /// Gives the reference away.
    pub fn into_raw(self) -> *mut asynchron_t {
        std::mem::ManuallyDrop::new(self).0
    }

    pub fn state(&self) -> asynchron_state_t {
        unsafe { asynchron_state(self.0) }
    }

    pub fn poll(&self) -> asynchron_status_t {
        unsafe { asynchron_poll(self.0) }
    }

    pub fn set(&self, data: &[u8]) -> asynchron_status_t {
        unsafe { asynchron_set_bytes(self.0, data.as_ptr().cast(), data.len()) }
    }

    pub fn set_number(&self, n: u64) -> asynchron_status_t {
        self.set(&n.to_ne_bytes())
    }

    pub fn set_pointer(&self, p: *mut c_void, drop: asynchron_drop_fn_t) -> asynchron_status_t {
        unsafe { asynchron_set_pointer(self.0, p, drop) }
    }

    pub fn fail(&self, code: i32, message: &str) -> asynchron_status_t {
        let message = CString::new(message).unwrap();
        unsafe { asynchron_fail(self.0, code, message.as_ptr()) }
    }

    pub fn cancel(&self) -> asynchron_status_t {
        unsafe { asynchron_cancel(self.0) }
    }

    /// Has this one complete as `source` does.
    pub fn follow(&self, source: &Handle) -> asynchron_status_t {
        unsafe { asynchron_follow(self.0, source.0) }
    }

    pub fn get(&self) -> Result<Vec<u8>, asynchron_status_t> {
        value(|out| unsafe { asynchron_get(self.0, out) })
    }

    pub fn get_timeout(&self, timeout_ns: u64) -> Result<Vec<u8>, asynchron_status_t> {
        value(|out| unsafe { asynchron_get_timeout(self.0, timeout_ns, out) })
    }

    pub fn number(&self) -> Result<u64, asynchron_status_t> {
        self.get().map(|v| u64::from_ne_bytes(v.try_into().expect("eight bytes")))
    }

    pub fn wait(&self, timeout_ns: u64) -> asynchron_status_t {
        unsafe { asynchron_wait(self.0, timeout_ns) }
    }

    /// The error's fields, or what asynchron_error returned instead of OK.
    pub fn error(&self) -> Result<Failure, asynchron_status_t> {
        failure_of(self.0)
    }

    pub fn unnotify(&self, token: u64) -> asynchron_status_t {
        unsafe { asynchron_unnotify(self.0, token) }
    }

    pub fn try_unnotify(&self, token: u64) -> asynchron_status_t {
        unsafe { asynchron_try_unnotify(self.0, token) }
    }
}

pub fn failure_of(a: *mut asynchron_t) -> Result<Failure, asynchron_status_t> {
    let mut e = asynchron_error_t { code: 0, domain: null(), message: null(), payload: null() };
    let text = |p: *const c_char| {
        assert!(!p.is_null(), "a string of an error is NULL");
        unsafe { CStr::from_ptr(p) }.to_str().unwrap().to_owned()
    };
    match unsafe { asynchron_error(a, &mut e) } {
        ASYNCHRON_OK => Ok(Failure {
            code: e.code,
            domain: text(e.domain),
            message: text(e.message),
            payload: e.payload as usize,
        }),
        other => Err(other),
    }
}

fn value(
    get: impl FnOnce(*mut asynchron_value_t) -> asynchron_status_t,
) -> Result<Vec<u8>, asynchron_status_t> {
    let mut v = asynchron_value_t { data: null(), len: 0 };
    match get(&mut v) {
        ASYNCHRON_OK if v.len == 0 => Ok(Vec::new()),
        ASYNCHRON_OK => Ok(unsafe { std::slice::from_raw_parts(v.data.cast(), v.len) }.to_vec()),
        other => Err(other),
    }
}

pub fn raws(handles: &[Handle]) -> Vec<*mut asynchron_t> {
    handles.iter().map(Handle::raw).collect()
}

/// The index, or what asynchron_wait_any returned instead of OK.
pub fn wait_any(handles: &[Handle], timeout_ns: u64) -> Result<usize, asynchron_status_t> {
    let (list, mut index) = (raws(handles), usize::MAX);
    match unsafe { asynchron_wait_any(list.as_ptr(), list.len(), timeout_ns, &mut index) } {
        ASYNCHRON_OK => Ok(index),
        other => Err(other),
    }
}

pub fn wait_all(handles: &[Handle], timeout_ns: u64) -> asynchron_status_t {
    let list = raws(handles);
    unsafe { asynchron_wait_all(list.as_ptr(), list.len(), timeout_ns) }
}

/// One reference to a report.
pub struct Report(*mut asynchron_report_t);

// SAFETY: as for a handle.
unsafe impl Send for Report {}
// SAFETY: as for a handle.
unsafe impl Sync for Report {}

impl Drop for Report {
    fn drop(&mut self) {
        unsafe { asynchron_report_release(self.0) }
    }
}

impl Clone for Report {
    fn clone(&self) -> Self {
        Report::owned(unsafe { asynchron_report_retain(self.0) })
    }
}

impl Report {
    pub fn new() -> Self {
        Report::owned(unsafe { asynchron_report_create(null(), 0) })
    }

    pub fn of(handles: &[Handle]) -> Self {
        let list = raws(handles);
        Report::owned(unsafe { asynchron_report_create(list.as_ptr(), list.len()) })
    }

    fn owned(raw: *mut asynchron_report_t) -> Self {
        assert!(!raw.is_null(), "no report");
        Report(raw)
    }

    pub fn raw(&self) -> *mut asynchron_report_t {
        self.0
    }

    pub fn add(&self, a: &Handle, tag: usize) {
        assert_eq!(self.try_add(a, tag), ASYNCHRON_OK);
    }

    pub fn try_add(&self, a: &Handle, tag: usize) -> asynchron_status_t {
        unsafe { asynchron_report_add(self.0, a.raw(), tag as *mut c_void) }
    }

    pub fn remove(&self, a: &Handle) -> asynchron_status_t {
        unsafe { asynchron_report_remove(self.0, a.raw()) }
    }

    /// The next item, whose reference is now the caller's, and its tag.
    pub fn next(&self, timeout_ns: u64) -> Result<(Handle, usize), asynchron_status_t> {
        let mut item = asynchron_item_t { asynchron: null_mut(), tag: null_mut() };
        match unsafe { asynchron_report_next(self.0, timeout_ns, &mut item) } {
            ASYNCHRON_OK => Ok((Handle::owned(item.asynchron), item.tag as usize)),
            other => Err(other),
        }
    }

    pub fn next_tag(&self, timeout_ns: u64) -> Result<usize, asynchron_status_t> {
        self.next(timeout_ns).map(|(_, tag)| tag)
    }

    pub fn pending(&self) -> usize {
        unsafe { asynchron_report_pending(self.0) }
    }

    pub fn wake(&self) {
        assert_eq!(unsafe { asynchron_report_wake(self.0) }, ASYNCHRON_OK);
    }

    pub fn close(&self) {
        assert_eq!(unsafe { asynchron_report_close(self.0) }, ASYNCHRON_OK);
    }

    pub fn rearm(&self) {
        assert_eq!(unsafe { asynchron_report_rearm(self.0) }, ASYNCHRON_OK);
    }

    pub fn fd(&self) -> i32 {
        unsafe { asynchron_report_fd(self.0) }
    }
}
