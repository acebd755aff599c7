//! Many asynchrons, in the order in which they complete.

use std::ffi::c_void;
use std::fmt;
use std::mem::ManuallyDrop;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::ptr::{self, NonNull};
use std::time::Duration;

use crate::Asynchron;
use crate::error::{Error, Result, check};
use crate::ffi::{self, asynchron_report_t};
use crate::step::array;
use crate::time::nanoseconds;

/// Yields asynchrons as they complete. A counted reference, for any thread: each item goes to one of those that ask.
///
/// ```
/// use asynchron_c::{Asynchron, Report};
///
/// # fn main() -> asynchron_c::Result<()> {
/// let report = Report::new()?;
/// for tag in 0..3 {
///     report.add(&Asynchron::spawn(move |_| 10 * tag as u64)?, tag)?;
/// }
/// let sum: u64 = report.iter().map(|item| item.asynchron.get().unwrap().number::<u64>().unwrap()).sum();
/// assert_eq!(sum, 30);
/// # Ok(())
/// # }
/// ```
pub struct Report(NonNull<asynchron_report_t>);

// SAFETY: the header says that a report is for any thread, and what it yields is, too.
unsafe impl Send for Report {}
// SAFETY: as above.
unsafe impl Sync for Report {}

/// What a report yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The one that completed.
    pub asynchron: Asynchron,
    /// What it was added with.
    pub tag: usize,
}

/// What there is to be had of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// One has completed.
    Item(Item),
    /// Somebody called [`Report::wake`].
    Woken,
    /// Nothing is left in it.
    End,
    /// The time ran out.
    Timeout,
}

impl Report {
    /// An empty one. Fails if there is no memory.
    pub fn new() -> Result<Report> {
        Report::of(&[])
    }

    /// One of these, each with the tag 0.
    pub fn of(of: &[Asynchron]) -> Result<Report> {
        // SAFETY: the handles are valid. The reference returned is ours.
        let raw = unsafe { ffi::asynchron_report_create(array(of), of.len()) };
        NonNull::new(raw).map(Report).ok_or(Error::NoMemory)
    }

    /// A report that C has made.
    ///
    /// # Safety
    ///
    /// `raw` is a valid report, not NULL, and its reference becomes this one's; and as for [`Asynchron::from_raw`].
    pub unsafe fn from_raw(raw: *mut asynchron_report_t) -> Report {
        // SAFETY: the caller vouches for it.
        Report(unsafe { NonNull::new_unchecked(raw) })
    }

    /// The report for C, with this one's reference.
    #[must_use = "the reference is given up by asynchron_report_release() or from_raw alone"]
    pub fn into_raw(self) -> *mut asynchron_report_t {
        ManuallyDrop::new(self).0.as_ptr()
    }

    /// The report for C, lent.
    pub fn as_raw(&self) -> *mut asynchron_report_t {
        self.0.as_ptr()
    }

    /// Adds one, which it keeps until it has yielded it. The tag is given back with it.
    pub fn add(&self, a: &Asynchron, tag: usize) -> Result<()> {
        let tag = ptr::without_provenance_mut::<c_void>(tag);
        // SAFETY: both are valid, and a tag is not looked at.
        check(unsafe { ffi::asynchron_report_add(self.as_raw(), a.as_raw(), tag) })
    }

    /// Takes one out that was not yielded, and says whether it was there.
    pub fn remove(&self, a: &Asynchron) -> bool {
        // SAFETY: both are valid.
        unsafe { ffi::asynchron_report_remove(self.as_raw(), a.as_raw()) == ffi::ASYNCHRON_OK }
    }

    /// Waits on this thread until one has completed, for at most that time.
    pub fn next_timeout(&self, time: Duration) -> Next {
        let mut item = ffi::asynchron_item_t { asynchron: ptr::null_mut(), tag: ptr::null_mut() };
        // SAFETY: the report is valid, and `item` writable.
        match unsafe { ffi::asynchron_report_next(self.as_raw(), nanoseconds(time), &mut item) } {
            ffi::ASYNCHRON_OK => Next::Item(Item {
                // SAFETY: the call has given a handle, whose reference is ours.
                asynchron: unsafe { Asynchron::from_raw(item.asynchron) },
                tag: item.tag.addr(),
            }),
            ffi::ASYNCHRON_WOKEN => Next::Woken,
            ffi::ASYNCHRON_END => Next::End,
            _ => Next::Timeout,
        }
    }

    /// Yields them as they complete, waiting on this thread, until nothing is left or somebody wakes it.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self)
    }

    /// How many were added and not yet yielded.
    pub fn pending(&self) -> usize {
        // SAFETY: the report is valid.
        unsafe { ffi::asynchron_report_pending(self.as_raw()) }
    }

    /// Ends one wait for the next, now or later.
    pub fn wake(&self) {
        // SAFETY: the report is valid.
        unsafe { ffi::asynchron_report_wake(self.as_raw()) };
    }

    /// Closes it: nothing can be added any more. What it holds is still yielded.
    pub fn close(&self) {
        // SAFETY: the report is valid.
        unsafe { ffi::asynchron_report_close(self.as_raw()) };
    }

    /// Has the descriptor ring again if there is something: for loops that are told of edges alone.
    pub fn rearm(&self) {
        // SAFETY: the report is valid.
        unsafe { ffi::asynchron_report_rearm(self.as_raw()) };
    }

    /// A descriptor that is readable while there is something to be had, for a program's own loop: to watch, not to
    /// read.
    ///
    /// ```
    /// use asynchron_c::{Asynchron, Next, Report};
    /// use std::time::Duration;
    ///
    /// # fn main() -> asynchron_c::Result<()> {
    /// let report = Report::new()?;
    /// report.add(&Asynchron::spawn(|_| 5u64)?, 0)?;
    /// let watched = smol::Async::new_nonblocking(report.descriptor()?).unwrap();
    /// smol::block_on(watched.readable()).unwrap();
    /// assert!(matches!(report.next_timeout(Duration::ZERO), Next::Item(_)));
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn descriptor(&self) -> Result<Descriptor> {
        // SAFETY: the report is valid.
        match unsafe { ffi::asynchron_report_fd(self.as_raw()) } {
            number if number >= 0 => Ok(Descriptor { report: self.clone(), number }),
            status => Err(Error::of_status(status)),
        }
    }
}

impl Clone for Report {
    fn clone(&self) -> Report {
        // SAFETY: the report is valid, so what is returned is the same, with a new reference.
        unsafe { Report::from_raw(ffi::asynchron_report_retain(self.as_raw())) }
    }
}

impl Drop for Report {
    fn drop(&mut self) {
        // SAFETY: the reference is ours, and gone afterwards.
        unsafe { ffi::asynchron_report_release(self.as_raw()) }
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Report({} pending)", self.pending())
    }
}

/// A report's descriptor, which keeps the report.
#[cfg(unix)]
#[derive(Debug, Clone)]
pub struct Descriptor {
    report: Report,
    number: RawFd,
}

#[cfg(unix)]
impl Descriptor {
    /// The report.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

#[cfg(unix)]
impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: it is open as long as the report is held.
        unsafe { BorrowedFd::borrow_raw(self.number) }
    }
}

#[cfg(unix)]
impl AsRawFd for Descriptor {
    fn as_raw_fd(&self) -> RawFd {
        self.number
    }
}

/// What [`Report::iter`] gives.
#[derive(Debug, Clone)]
pub struct Iter<'a>(&'a Report);

impl Iterator for Iter<'_> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        match self.0.next_timeout(Duration::MAX) {
            Next::Item(item) => Some(item),
            _ => None,
        }
    }
}

impl<'a> IntoIterator for &'a Report {
    type Item = Item;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}
