//! Another static library in Rust, with a panic of its own.

#[unsafe(no_mangle)]
pub extern "C" fn other_sum(up_to: i32) -> i32 {
    std::panic::set_hook(Box::new(|_| {}));
    let sum = std::panic::catch_unwind(|| {
        assert!(up_to < 100);
        let numbers: Vec<i32> = (0..=up_to).collect();
        numbers.iter().sum()
    });
    sum.unwrap_or(-1)
}
