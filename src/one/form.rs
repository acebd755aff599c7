//! Which kind of outcome lies in an asynchron's slot, and how long a small value is.

/// It lies in the state word, beside which the slot's 32 bytes need none of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form(u32);

impl Form {
    /// The bits that a form may use.
    pub(crate) const MASK: u32 = 0x3F1F;

    pub(super) const SMALL: u32 = 0;
    pub(super) const BYTES: u32 = Self::HOLDS;
    pub(super) const BUFFER: u32 = Self::HOLDS | 1;
    /// A buffer that is nothing but its owner.
    pub(super) const POINTER: u32 = Self::BUFFER | (1 << Self::LEN_SHIFT);
    pub(super) const IN_ROOM: u32 = Self::BYTES | Self::IN_BLOCK;
    pub(super) const SHARED: u32 = Self::IN_ROOM | (1 << Self::LEN_SHIFT);
    pub(super) const CODE: u32 = Self::ERROR;
    pub(super) const BROKEN: u32 = Self::ERROR | 1;
    /// (No error lies behind the object: so that bit is free to tell this one apart.)
    pub(super) const EXPIRED: u32 = Self::ERROR | Self::IN_BLOCK;
    pub(super) const FAILURE: u32 = Self::ERROR | Self::HOLDS;
    pub(super) const CANCELLED: u32 = Self::ERROR | Self::CANCEL;
    pub(super) const CANCELLED_FOR: u32 = Self::ERROR | Self::CANCEL | 1;
    pub(super) const CANCELLED_BECAUSE: u32 = Self::ERROR | Self::CANCEL | Self::HOLDS;

    /// What these have in common: it is no value; one that was cancelled; the slot holds what lies
    /// outside the object.
    const ERROR: u32 = 8;
    const CANCEL: u32 = 2;
    pub(super) const HOLDS: u32 = 4;

    /// The value lies in the block of an object, and goes with that: its own, or that of the one whose it is.
    const IN_BLOCK: u32 = 16;

    const KIND: u32 = 31;
    const LEN_SHIFT: u32 = 8;

    pub(crate) fn from_bits(bits: u32) -> Self {
        Self(bits & Self::MASK)
    }

    pub(crate) fn bits(self) -> u32 {
        self.0
    }

    #[inline]
    pub(super) fn of_kind(kind: u32) -> Self {
        Self(kind)
    }

    pub(super) fn of_small(len: u32) -> Self {
        Self(Self::SMALL | (len << Self::LEN_SHIFT))
    }

    pub(super) fn kind(self) -> u32 {
        self.0 & Self::KIND
    }

    pub(super) fn small_len(self) -> usize {
        (self.0 >> Self::LEN_SHIFT) as usize
    }

    #[inline]
    pub(crate) fn is_value(self) -> bool {
        self.0 & Self::ERROR == 0
    }

    #[inline]
    pub(crate) fn is_cancelled(self) -> bool {
        self.0 & Self::CANCEL != 0
    }

    /// Whether it lies inside the object.
    #[inline]
    pub(crate) fn is_plain(self) -> bool {
        self.0 & Self::HOLDS == 0
    }

    /// Whether it is a copy in a block of its own.
    #[inline]
    pub(crate) fn is_copy(self) -> bool {
        self.kind() == Self::BYTES
    }

    #[inline]
    pub(super) fn is_pointer(self) -> bool {
        self.0 == Self::POINTER
    }

    /// Whether it is a copy in the room behind the object.
    #[inline]
    pub(crate) fn is_in_room(self) -> bool {
        self.0 == Self::IN_ROOM
    }

    /// Whether another asynchron holds the value.
    #[inline]
    pub(super) fn is_shared(self) -> bool {
        self.0 == Self::SHARED
    }

    /// Whether freeing it runs none of the program's code.
    #[inline]
    pub(crate) fn is_ours(self) -> bool {
        self.is_plain() || self.0 & (Self::KIND & !Self::IN_BLOCK) == Self::BYTES
    }
}
