//! The two states that live in one network.

/// One of the two voltage patterns of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wave {
    /// F: only the inputs are imposed.
    Free,
    /// C: the outputs are pulled a little towards their targets as well.
    Clamped,
}

impl Wave {
    /// Both, in order of their index.
    pub const BOTH: [Wave; 2] = [Wave::Free, Wave::Clamped];

    /// 0 for the free wave, 1 for the clamped.
    pub fn index(self) -> usize {
        self as usize
    }
}
