//! Several as one
//!
//! One asynchron for a group: for all of it, for any that succeeds, or for whichever is first. It
//! completes as the source that decides does, and shares what that holds: nothing is copied.
//!
//! Of several sources that are complete at the call, the one with the lowest index counts as the
//! first, and the one with the highest as the last. A source may be there twice. `into` is kept
//! until it is complete; anyone may still deliver or cancel it, which wins. A pending source is not
//! kept: when its last handle goes, it fails as broken, which counts as any other failure. As soon
//! as `into` is complete, however that came, nothing is left on the sources. Functions on demand
//! are not started.

use std::ptr;

use super::types::asynchron_t;
use super::{catch_panic, handle, handles};
use crate::listen::group::{Rest, Rule, group};
use crate::one::handle::Handle;

/// A flag for asynchron_all(), asynchron_any() and asynchron_race(): as soon as `into` is complete,
/// however that came (also when somebody else cancels it), every source that is not is cancelled,
/// with the reason "unneeded". That is done before any callback of `into` runs. (Since 0.2.0.)
pub const ASYNCHRON_CANCEL_REST: u64 = 1;

/// Has `into` complete with the empty value once all of several have a value. If one fails or is
/// cancelled, `into` ends the same way, at once; a failure passes on whole, with its payload
/// shared.
///
/// If there are none, or `into` is complete, that is done inside this call. The values are read
/// from the sources, which you keep.
///
/// - Needs: `as`, an array of `n` handles, none of them NULL or `into`; `into`, or NULL to have one
///   made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
/// - Ownership: the reference returned is yours. The sources stay yours.
/// - Threads: callbacks may run inside this call, if it completes `into` or cancels a
///   source.
/// - Returns: a new reference to `into`; NULL for a NULL, for `into` among the sources, for unknown
///   flags, or if there is no memory.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_all(
    r#as: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    flags: u64,
) -> *mut asynchron_t {
    // SAFETY: the caller vouches for the handles.
    unsafe { group_of(r#as, n, into, flags, Rule::All) }
}

/// Has `into` complete as the first of several that has a value does. If none has one, it ends as
/// the last of them does.
///
/// - Needs: `as`, an array of `n` handles, at least 1, none of them NULL or `into`; `into`, or NULL
///   to have one made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
/// - Ownership: the reference returned is yours. The sources stay yours. The one that has the value
///   is kept for `into`, which shares it.
/// - Threads: callbacks may run inside this call, if it completes `into` or cancels a
///   source.
/// - Returns: a new reference to `into`; NULL for a NULL, for no source at all, for `into` among
///   the sources, for unknown flags, or if there is no memory.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_any(
    r#as: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    flags: u64,
) -> *mut asynchron_t {
    // SAFETY: the caller vouches for the handles.
    unsafe { group_of(r#as, n, into, flags, Rule::Any) }
}

/// Has `into` complete as the first of several that completes does: with its value, its failure, or
/// its cancel.
///
/// - Needs: `as`, an array of `n` handles, at least 1, none of them NULL or `into`; `into`, or NULL
///   to have one made; `flags`, 0 or ASYNCHRON_CANCEL_REST.
/// - Ownership: as for asynchron_any().
/// - Threads: callbacks may run inside this call, if it completes `into` or cancels a
///   source.
/// - Returns: a new reference to `into`; NULL for a NULL, for no source at all, for `into` among
///   the sources, for unknown flags, or if there is no memory.
/// - Since: 0.2.0
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn asynchron_race(
    r#as: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    flags: u64,
) -> *mut asynchron_t {
    // SAFETY: the caller vouches for the handles.
    unsafe { group_of(r#as, n, into, flags, Rule::Race) }
}

/// # Safety
/// All are NULL or handles that live as long as the call.
unsafe fn group_of(
    all: *const *mut asynchron_t,
    n: usize,
    into: *mut asynchron_t,
    flags: u64,
    rule: Rule,
) -> *mut asynchron_t {
    catch_panic(ptr::null_mut(), || {
        // SAFETY: as the caller promises.
        let Some(sources) = (unsafe { handles(all, n) }) else {
            return ptr::null_mut();
        };
        // SAFETY: as the caller promises.
        let into = unsafe { handle(into) };
        let is_into = |source: &&_| into.is_some_and(|into| ptr::eq(*source, into));
        let of_nothing = sources.is_empty() && rule != Rule::All;
        if flags & !ASYNCHRON_CANCEL_REST != 0 || of_nothing || sources.iter().any(is_into) {
            return ptr::null_mut();
        }
        let rest = if flags == 0 { Rest::GoesOn } else { Rest::IsCancelled };
        group(sources, into, rule, rest).map_or(ptr::null_mut(), Handle::into_raw).cast()
    })
}
