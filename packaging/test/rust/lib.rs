//! A shared library of another's, in Rust, that has asynchron inside.

#[unsafe(no_mangle)]
pub extern "C" fn user_version() -> u32 {
    asynchron::capi::asynchron_version()
}
