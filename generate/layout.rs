//! Where the members of a struct lie, by the rules of C, on each kind of machine.

/// What a kind of machine makes of the types that the interface uses. `int32_t` and `int` have 4 bytes everywhere.
pub struct Abi {
    pub name: &'static str,
    pub of: &'static str,
    /// The bytes of a pointer, and of a `size_t`.
    pub pointer: usize,
    /// To what a `uint64_t` is aligned inside of a struct.
    pub align_u64: usize,
}

pub const ABIS: [Abi; 3] = [
    Abi {
        name: "lp64",
        of: "64 bits: x86-64, arm64, riscv64, s390x; also 64-bit Windows",
        pointer: 8,
        align_u64: 8,
    },
    Abi {
        name: "ilp32",
        of: "32 bits: arm, mips, riscv32; also 32-bit Windows",
        pointer: 4,
        align_u64: 8,
    },
    Abi { name: "i386", of: "32 bits: x86 on Linux, macOS and the BSDs", pointer: 4, align_u64: 4 },
];

pub struct Layout {
    pub size: usize,
    pub alignment: usize,
    pub offsets: Vec<usize>,
}

/// `is_pointer` says of a type that has a name whether it stands for a pointer, as that of a function does.
pub fn layout(abi: &Abi, members: &[&str], is_pointer: impl Fn(&str) -> bool) -> Layout {
    let (mut size, mut alignment, mut offsets) = (0_usize, 1, Vec::new());
    for member in members {
        let (bytes, aligned) = match *member {
            "uint64_t" => (8, abi.align_u64),
            "int32_t" | "uint32_t" | "int" => (4, 4),
            "size_t" => (abi.pointer, abi.pointer),
            other if other.ends_with('*') || is_pointer(other) => (abi.pointer, abi.pointer),
            other => panic!("how long is {other}?"),
        };
        size = size.next_multiple_of(aligned);
        offsets.push(size);
        size += bytes;
        alignment = alignment.max(aligned);
    }
    Layout { size: size.next_multiple_of(alignment), alignment, offsets }
}
