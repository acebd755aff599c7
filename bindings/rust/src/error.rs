//! What can go wrong, as types.

use std::borrow::Cow;
use std::ffi::{CStr, CString, NulError};
use std::fmt;

use crate::Asynchron;
use crate::ffi;

/// The result of what this crate does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why there is no value, or why a call was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// It failed: somebody delivered a failure, or the library did.
    Failed(Failure),
    /// It was cancelled.
    Cancelled {
        /// Why; empty unless given.
        reason: String,
    },
    /// The time ran out first. Nothing has changed: ask again.
    Timeout,
    /// Too late: it is delivered, or started.
    Already,
    /// It is not complete.
    Pending,
    /// The thread would wait for itself.
    Deadlock,
    /// Out of memory.
    NoMemory,
    /// The system refuses a thread or a descriptor.
    System,
    /// The executor or the report was closed.
    Closed,
    /// A string with a NUL inside, which C would cut there.
    Nul,
    /// The value is of another kind: other bytes, or another type.
    Kind,
    /// The library refuses an argument.
    Invalid,
    /// A status that this crate does not know.
    Other(i32),
}

/// A failure: a number, whose number that is, and a message for people.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Failure {
    /// What it means is said by whoever has the domain.
    pub code: i32,
    /// Whose code that is: `"asynchron"` is the library; `"panic"`, a panic in a function of Rust.
    pub domain: String,
    /// For people.
    pub message: String,
}

impl Failure {
    /// A failure without a domain.
    pub fn new(code: i32, message: impl Into<String>) -> Failure {
        Failure { code, domain: String::new(), message: message.into() }
    }

    /// The same, of that domain.
    ///
    /// ```
    /// use asynchron_c::Failure;
    ///
    /// let full = Failure::new(28, "the disk is full").domain("disk");
    /// assert_eq!(full.to_string(), "the disk is full (disk 28)");
    /// ```
    pub fn domain(self, domain: impl Into<String>) -> Failure {
        Failure { domain: domain.into(), ..self }
    }

    /// Whether nobody was left to deliver: its last handle or its last promise was dropped, or its task was.
    pub fn is_broken(&self) -> bool {
        self.domain == "asynchron" && self.code == ffi::ASYNCHRON_E_BROKEN
    }

    /// Whether its deadline passed.
    pub fn is_expired(&self) -> bool {
        self.domain == "asynchron" && self.code == ffi::ASYNCHRON_TIMEOUT
    }

    /// What a panic with that message becomes.
    pub(crate) fn of_panic(message: String) -> Failure {
        Failure::new(1, message).domain("panic")
    }

    /// What an error of Rust's becomes: code 1, with its type as the domain.
    pub(crate) fn of_error<E: std::error::Error + 'static>(error: E) -> Failure {
        Failure::new(1, error.to_string()).domain(std::any::type_name::<E>())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.message.is_empty() { "failed" } else { &self.message };
        match self.domain.as_str() {
            "" => write!(f, "{message} ({})", self.code),
            domain => write!(f, "{message} ({domain} {})", self.code),
        }
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Error {
        Error::Failed(failure)
    }
}

impl From<NulError> for Error {
    fn from(_: NulError) -> Error {
        Error::Nul
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Error::Failed(failure) => return failure.fmt(f),
            Error::Cancelled { reason } if !reason.is_empty() => {
                return write!(f, "cancelled: {reason}");
            }
            Error::Cancelled { .. } => "cancelled",
            Error::Timeout => "the time ran out",
            Error::Already => "it is too late",
            Error::Pending => "it is not complete",
            Error::Deadlock => "the thread would wait for itself",
            Error::NoMemory => "out of memory",
            Error::System => "the system refuses a thread or a descriptor",
            Error::Closed => "it was closed",
            Error::Nul => "a string has a NUL inside",
            Error::Kind => "the value is of another kind",
            Error::Invalid => "an argument is invalid",
            Error::Other(status) => return write!(f, "status {status}"),
        })
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

impl Error {
    /// What a status means that is not ASYNCHRON_OK, where no asynchron has more to say.
    pub(crate) fn of_status(status: i32) -> Error {
        match status {
            ffi::ASYNCHRON_TIMEOUT => Error::Timeout,
            ffi::ASYNCHRON_ALREADY => Error::Already,
            ffi::ASYNCHRON_PENDING => Error::Pending,
            ffi::ASYNCHRON_E_DEADLOCK => Error::Deadlock,
            ffi::ASYNCHRON_E_NOMEM => Error::NoMemory,
            ffi::ASYNCHRON_E_SYSTEM => Error::System,
            ffi::ASYNCHRON_E_CLOSED => Error::Closed,
            ffi::ASYNCHRON_E_INVALID => Error::Invalid,
            ffi::ASYNCHRON_CANCELLED => Error::Cancelled { reason: String::new() },
            other => Error::Other(other),
        }
    }

    /// What a status means that a call on `a` has returned.
    pub(crate) fn of(status: i32, a: &Asynchron) -> Error {
        match status {
            ffi::ASYNCHRON_FAILED | ffi::ASYNCHRON_CANCELLED => {
                a.error().unwrap_or(Error::of_status(status))
            }
            other => Error::of_status(other),
        }
    }
}

/// `Ok` for ASYNCHRON_OK.
pub(crate) fn check(status: i32) -> Result<()> {
    if status == ffi::ASYNCHRON_OK { Ok(()) } else { Err(Error::of_status(status)) }
}

/// The same, for what a call on `a` has returned.
pub(crate) fn check_of(status: i32, a: &Asynchron) -> Result<()> {
    if status == ffi::ASYNCHRON_OK { Ok(()) } else { Err(Error::of(status, a)) }
}

/// A string for C, which must have no NUL inside.
pub(crate) fn c_string(text: &str) -> Result<CString> {
    Ok(CString::new(text)?)
}

/// A string for C that was made from something else: a NUL inside is shown as such.
pub(crate) fn c_string_lossy(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// What C gives, as Rust's text: what is no UTF-8 is replaced.
pub(crate) fn text_of(text: &CStr) -> Cow<'_, str> {
    text.to_string_lossy()
}
