//! Uses what bindgen has made of asynchron.h.
#[allow(non_camel_case_types, non_upper_case_globals, non_snake_case, dead_code)]
mod made {
    include!(env!("BINDINGS"));
}

use made::*;

fn main() {
    let n = 42_i32;
    let mut value = asynchron_value_t { data: std::ptr::null(), len: 0 };
    unsafe {
        let a = asynchron_create(c"answer".as_ptr());
        let set = asynchron_set_bytes(a, (&raw const n).cast(), size_of::<i32>() as _);
        assert_eq!(set, asynchron_status_e_ASYNCHRON_OK);
        let got = asynchron_get_timeout(a, asynchron_forever(), &mut value);
        assert_eq!(got, asynchron_status_e_ASYNCHRON_OK);
        assert_eq!((value.len as usize, *value.data.cast::<i32>()), (4, n));
        asynchron_release(a);
    }
    println!("read by bindgen");
}
