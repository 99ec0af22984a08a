//! Arrays that begin at a cache line, so that a vector of the widest kind lies in one.

use std::ops::{Deref, DerefMut};

const LINE: usize = 64;

/// A fixed number of items, the first at the beginning of a cache line.
#[derive(Debug)]
pub(super) struct Aligned<T> {
    memory: Vec<T>,
    start: usize,
    length: usize,
}

impl<T: Copy> Aligned<T> {
    pub(super) fn new(value: T, length: usize) -> Self {
        let room = LINE / size_of::<T>();
        let memory = vec![value; length + room];
        // Where the address cannot be told, the first item will do: alignment is for speed alone.
        let start = memory.as_ptr().align_offset(LINE).min(room);
        Aligned { memory, start, length }
    }
}

impl<T: Copy> Clone for Aligned<T> {
    fn clone(&self) -> Self {
        match self.first() {
            None => Aligned { memory: Vec::new(), start: 0, length: 0 },
            Some(&first) => {
                let mut copy = Aligned::new(first, self.length);
                copy.copy_from_slice(self);
                copy
            }
        }
    }
}

impl<T> Deref for Aligned<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory[self.start..self.start + self.length]
    }
}

impl<T> DerefMut for Aligned<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory[self.start..self.start + self.length]
    }
}
