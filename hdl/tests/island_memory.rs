//! The memories of the island in simulation and as Verilog.
#![allow(clippy::unwrap_used, reason = "tests")]
mod designs;

use designs::{Random, tool};
use wheatstone_hdl::island::memory::SPRAM_MODEL;
use wheatstone_hdl::island::replay::{Bench, Recording};
use wheatstone_hdl::island::{Memory, MemoryKind, Shuffler, TwoPortMemory, WatchedMemory};
use wheatstone_sim::generator::order_from;
use wheatstone_tools::Program;

fn replay(recording: &Recording, models: &str) {
    let (Some(iverilog), Some(vvp)) = (tool(Program::Iverilog), tool(Program::Vvp)) else { return };
    recording
        .replay(&iverilog, &vvp, models)
        .unwrap_or_else(|error| panic!("{error}\n{}", recording.verilog()));
}

/// Random accesses to `places` many addresses spread over the memory, compared with a plain list and replayed.
fn exercise(kind: MemoryKind, depth: u64, places: u64) {
    let mut random = Random(depth);
    let mut words = vec![0; usize::try_from(depth).unwrap()];
    let mut bench = Bench::new(Memory::new(kind, words.len()), |memory| &mut memory.clock);
    assert_eq!(bench.block.depth(), words.len());
    let mut read = 0;
    for _ in 0..2000 {
        let (place, word, write) =
            (random.below(places) * (depth - 1) / (places - 1), random.below(1 << 16), random.below(3) == 0);
        bench.block.address.next = place.into();
        bench.block.data_in.next = word.into();
        bench.block.write.next = write;
        bench.tick();
        let place = usize::try_from(place).unwrap();
        if write {
            words[place] = word;
        } else {
            assert_eq!(bench.block.data_out.val().to_u64(), words[place], "{kind:?} {depth} {place}");
            read += u64::from(words[place] != 0);
        }
    }
    assert!(read > 100, "{read} words read that had been written");
    replay(&bench.into_recording(), if kind == MemoryKind::Spram { SPRAM_MODEL } else { "" });
}

#[test]
fn block_memories_of_any_depth_are_equal_in_verilog() {
    for depth in [2, 256, 300, 1 << 16] {
        exercise(MemoryKind::Block, depth, depth.min(40));
    }
}

#[test]
fn one_to_four_sprams_are_equal_in_verilog() {
    for depth in [1 << 14, 1 << 15, 3 << 14, 1 << 16] {
        exercise(MemoryKind::Spram, depth, 40);
    }
}

#[test]
fn a_memory_of_two_ports_is_equal_in_verilog() {
    let mut random = Random(7);
    let mut bytes = vec![0; 300];
    let mut bench = Bench::new(TwoPortMemory::new(300), |memory| &mut memory.clock);
    assert_eq!(bench.block.depth(), 300);
    for _ in 0..3000 {
        let [write, read] = [(); 2].map(|()| random.below(300));
        let byte = random.below(256);
        bench.block.write.next = random.below(2) == 0;
        bench.block.write_address.next = write.into();
        bench.block.read_address.next = read.into();
        bench.block.data_in.next = byte.into();
        bench.tick();
        assert_eq!(bench.block.data_out.val().to_u64(), bytes[usize::try_from(read).unwrap()]);
        if bench.block.write.val() {
            bytes[usize::try_from(write).unwrap()] = byte;
        }
    }
    replay(&bench.into_recording(), "");
}

#[test]
fn a_memory_that_is_watched_is_equal_in_verilog() {
    let mut random = Random(3);
    let mut words = vec![0; 512];
    let mut bench = Bench::new(WatchedMemory::new(512), |memory| &mut memory.clock);
    for _ in 0..3000 {
        let [place, watched] = [(); 2].map(|()| random.below(512));
        let (word, write) = (random.below(1 << 16), random.below(2) == 0);
        bench.block.write.next = write;
        bench.block.address.next = place.into();
        bench.block.watched.next = watched.into();
        bench.block.data_in.next = word.into();
        bench.tick();
        assert_eq!(bench.block.watched_data.val().to_u64(), words[usize::try_from(watched).unwrap()]);
        let at = &mut words[usize::try_from(place).unwrap()];
        if write {
            *at = word;
        } else {
            assert_eq!(bench.block.data_out.val().to_u64(), *at);
        }
    }
    replay(&bench.into_recording(), "");
}

/// The shuffler makes the model's order of any count, and so does its Verilog. Of no records it goes through all places there are.
#[test]
fn a_shuffler_is_equal_in_verilog() {
    let mut memory = vec![0u64; 1 << 16];
    let mut bench = Bench::new(Shuffler::new(1), |shuffler| &mut shuffler.clock);
    let seed = 0x1234_5678;
    for count in [1u16, 2, 3, 40, 0, 7] {
        let halves = [seed >> 16, seed & 0xFFFF].map(u64::from);
        for (register, word) in [(5u64, halves[0]), (5, halves[1]), (6, count.into())] {
            bench.block.write.next = true;
            bench.block.register.next = register.into();
            bench.block.data_in.next = word.into();
            bench.tick();
        }
        bench.block.write.next = false;
        let mut clocks = 0;
        while bench.block.active.val() {
            bench.settle();
            let place = usize::try_from(bench.block.address.val().to_u64()).unwrap();
            let (store, stored) = (bench.block.store.val(), bench.block.stored.val().to_u64());
            bench.tick();
            if store {
                memory[place] = stored;
            } else {
                bench.block.order.next = memory[place].into();
            }
            clocks += 1;
            assert!(clocks < 70_000, "the order of {count} comes to no end");
        }
        let expected: Vec<u64> = order_from(seed, 0, count.into()).into_iter().map(u64::from).collect();
        assert_eq!(memory[..usize::from(count)], expected, "{count}");
    }
    replay(&bench.into_recording(), "");
}

#[test]
#[should_panic(expected = "1 to 65536 words")]
fn a_memory_has_words() {
    let _ = Memory::new(MemoryKind::Block, 0);
}
