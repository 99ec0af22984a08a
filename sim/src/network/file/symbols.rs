//! Names kept once: a number for each, in the order in which they were first seen.

use std::hash::{BuildHasher, RandomState};

/// A table of names. All text lies in one place, so that a name costs its bytes and a few more.
#[derive(Default)]
pub(super) struct Symbols {
    text: String,
    /// Where each name ends in the text.
    ends: Vec<usize>,
    /// Numbers by hash, plus one; 0 is an empty place. Its length is a power of two.
    table: Vec<u32>,
    hasher: RandomState,
}

impl Symbols {
    /// The number of a name, a new one if it has none.
    pub(super) fn number(&mut self, name: &str) -> u32 {
        if 4 * (self.ends.len() + 1) > 3 * self.table.len() {
            self.grow();
        }
        let place = self.place(name);
        if self.table[place] == 0 {
            self.text.push_str(name);
            self.ends.push(self.text.len());
            self.table[place] = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        }
        self.table[place] - 1
    }

    /// The name of a number.
    pub(super) fn name(&self, number: u32) -> &str {
        let index = number as usize;
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }

    /// How many names there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where the name stands in the table, or would.
    fn place(&self, name: &str) -> usize {
        let mask = self.table.len() - 1;
        #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash will do")]
        let mut place = self.hasher.hash_one(name) as usize & mask;
        while self.table[place] != 0 && self.name(self.table[place] - 1) != name {
            place = (place + 1) & mask;
        }
        place
    }

    fn grow(&mut self) {
        self.table = vec![0; (2 * self.table.len()).max(16)];
        for number in 0..u32::try_from(self.ends.len()).unwrap_or(u32::MAX) {
            let place = self.place(self.name(number));
            self.table[place] = number + 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_their_numbers() {
        let mut symbols = Symbols::default();
        let name = |i: u32| if i == 7 { String::new() } else { format!("node {i}") };
        for round in 0..2 {
            for i in 0..1000 {
                assert_eq!(symbols.number(&name(i)), i, "round {round}");
            }
        }
        assert_eq!(symbols.len(), 1000);
        assert!((0..1000).all(|i| symbols.name(i) == name(i)));
    }
}
