//! tests/c/helper.c, compiled by the system's compiler and loaded, with what it exports.

use std::ffi::{CString, c_char, c_int, c_void};
use std::mem::transmute_copy;
use std::path::Path;
use std::process::{self, Command};
use std::sync::OnceLock;

use asynchron_c::ffi::{asynchron_promise_t, asynchron_t};

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
}

const RTLD_NOW: c_int = 2;

/// The functions of the helper.
pub struct Helper {
    pub create: unsafe extern "C" fn(*const c_char) -> *mut asynchron_t,
    pub complete: unsafe extern "C" fn(*const *mut asynchron_t, usize, usize) -> c_int,
    pub wait_number: unsafe extern "C" fn(*mut asynchron_t) -> u64,
    pub wait_failure:
        unsafe extern "C" fn(*mut asynchron_t, i32, *const c_char, *const c_char) -> c_int,
    pub set_pointer: unsafe extern "C" fn(*mut asynchron_t) -> c_int,
    pub promise: unsafe extern "C" fn(*mut asynchron_promise_t, c_int, u64),
    pub set_string: unsafe extern "C" fn(*mut asynchron_t, *const c_char) -> c_int,
}

fn pkg_config() -> Vec<String> {
    let asked = Command::new("pkg-config").args(["--cflags", "--libs", "asynchron"]).output();
    let said = asked.expect("pkg-config");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8(said.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

fn build() -> Helper {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/helper.c");
    // One for each process: several may build it at a time.
    let library =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("helper-{}.so", process::id()));
    let mut cc = Command::new("cc");
    cc.args([
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-pedantic",
        "-shared",
        "-fPIC",
        "-pthread",
    ]);
    cc.arg("-o").arg(&library).arg(&source).args(pkg_config());
    assert!(cc.status().expect("cc").success());
    let path = CString::new(library.to_str().unwrap()).unwrap();
    // SAFETY: the path is a string, and loading the helper runs no code.
    let loaded = unsafe { dlopen(path.as_ptr(), RTLD_NOW) };
    assert!(!loaded.is_null());
    std::fs::remove_file(&library).unwrap();
    Helper {
        create: symbol(loaded, "helper_create"),
        complete: symbol(loaded, "helper_complete"),
        wait_number: symbol(loaded, "helper_wait_number"),
        wait_failure: symbol(loaded, "helper_wait_failure"),
        set_pointer: symbol(loaded, "helper_set_pointer"),
        promise: symbol(loaded, "helper_promise"),
        set_string: symbol(loaded, "helper_set_string"),
    }
}

fn symbol<F>(library: *mut c_void, name: &str) -> F {
    let c_name = CString::new(name).unwrap();
    // SAFETY: the library is loaded, and the name a string.
    let found = unsafe { dlsym(library, c_name.as_ptr()) };
    assert!(!found.is_null(), "{name}");
    // SAFETY: `F` is a pointer to a function, as the helper defines it.
    unsafe { transmute_copy(&found) }
}

pub fn helper() -> &'static Helper {
    static HELPER: OnceLock<Helper> = OnceLock::new();
    HELPER.get_or_init(build)
}
