//! Gives C a function whose value arrives later.

use asynchron_c::{Asynchron, Object, ffi};

/// asynchron_t *primes_below(uint64_t n): how many, as a uint64_t. The reference is the caller's; NULL without memory.
#[unsafe(no_mangle)]
pub extern "C" fn primes_below(n: u64) -> *mut ffi::asynchron_t {
    let is_prime = |k: &u64| (2..).take_while(|d| d * d <= *k).all(|d| k % d != 0);
    let count = move |_: &Asynchron| (2..n).filter(is_prime).count() as u64;
    Asynchron::spawn(count).map_or(std::ptr::null_mut(), Asynchron::into_raw)
}

fn main() -> asynchron_c::Result<()> {
    let raw = primes_below(100); // as C calls it
    assert!(!raw.is_null());
    // SAFETY: it is a handle, and its reference is ours.
    let a = unsafe { Asynchron::from_raw(raw) };
    println!("{}", a.get()?.number::<u64>()?);

    // An object of Rust's goes through C as well, and comes out as its own type alone.
    let b = Asynchron::new()?;
    b.set(Object(vec![2, 3, 5]))?;
    println!("{:?} {:?}", b.get()?.object::<String>(), b.get()?.object::<Vec<i32>>());
    println!("{:?}", b.take::<Vec<i32>>().unwrap());
    Ok(())
}
