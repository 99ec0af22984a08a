//! The array interface: between the island's words and the array's voltages.
//!
//! A sample's words are shifted in, one a clock, inputs first, until every one stands at the port of the array it belongs to; the
//! senses come last, and stand at the entrance. Bits of a word beyond a voltage's width end nowhere and cost nothing. In the other
//! direction a multiplexer shows one output's free voltage. The width of all this follows from the network, so the array interface is made of
//! the array's kind of parts and not of the island's.
//!
//! Where samples stream, one stands at the array while the next is shifted in, and the answers to the one before stand at the
//! multiplexer: two more ranks of registers.

use crate::array::Array;
use crate::bus::{Bus, Shape, extended};
use crate::leaf::{self, Leaf};
use crate::module::Module;
use crate::primitive::register;
use crate::technology::Technology;
use wheatstone_link::protocol::SampleLayout;

/// A word of the island.
const WORD: Shape = Shape { bits: 16, signed: false };

/// The array interface of one array.
#[derive(Clone, Debug)]
pub struct ArrayInterface {
    /// It as a module named `array interface`.
    pub module: Module,
    /// In: the board's clock.
    pub clock: Bus,
    /// In: whether this clock shifts.
    pub shift: Bus,
    /// In: the word that is shifted in.
    pub word: Bus,
    /// In: whether the outputs see their targets.
    pub impose: Bus,
    /// In: number of an output, 16 bits.
    pub index: Bus,
    /// Out: its free voltage, 16 bits, signed.
    pub answer: Bus,
    /// What goes with streaming samples; nothing where the array follows the words at once.
    pub ranks: Option<Ranks>,
}

/// When the registers between words and array, and between array and answers, take what stands before them.
#[derive(Clone, Debug)]
pub struct Ranks {
    /// In: this clock shows the array the words that have been shifted in.
    pub take: Bus,
    /// In: this clock keeps the answers of the array.
    pub hold: Bus,
}

impl ArrayInterface {
    /// The array interface of an array, for samples that stream or do not. It drives the array's samples, targets and senses.
    pub fn new(array: &Array, streaming: bool) -> ArrayInterface {
        let technology = array.technology();
        let network = array.design().network();
        let layout = SampleLayout::of(network);
        let mut module =
            Module::new("border", format!("between words and the voltages of {}", network.name()));
        let bit = || Bus::new(Shape::BIT);
        let interface = ArrayInterface {
            module: module.clone(),
            clock: bit(),
            shift: bit(),
            word: Bus::new(WORD),
            impose: bit(),
            index: Bus::new(WORD),
            answer: Bus::new(Shape::signed(16)),
            ranks: streaming.then(|| Ranks { take: bit(), hold: bit() }),
        };
        for (name, bus) in interface.inputs() {
            module.input(name, bus);
        }
        // The words of a record without its class, the last one at the entrance.
        let mut words = Vec::new();
        let mut entering = interface.word.clone();
        for i in 0..layout.class_at() {
            let word = module.wire(format!("word_{i}"), WORD);
            let leaf =
                register(technology, &interface.clock, &entering, &word, Some(&interface.shift), None, 0);
            module.leaf(format!("shift_{i}"), leaf);
            words.push(word.clone());
            entering = word;
        }
        words.reverse();
        let (clock, ranks) = (&interface.clock, interface.ranks.as_ref());
        if let Some(Ranks { take, .. }) = ranks {
            for (i, word) in words.iter_mut().enumerate() {
                let taken = module.wire(format!("taken_{i}"), WORD);
                module.leaf(
                    format!("take_{i}"),
                    register(technology, clock, word, &taken, Some(take), None, 0),
                );
                *word = taken;
            }
        }
        for (i, sample) in array.samples.iter().enumerate() {
            module.output(format!("sample_{i}"), sample);
            module.leaf(format!("input_{i}"), voltage(technology, &words[i], sample));
        }
        for (i, ports) in array.outputs.iter().enumerate() {
            module.output(format!("target_{i}"), &ports.target);
            module.leaf(
                format!("wanted_{i}"),
                voltage(technology, &words[layout.targets_at() + i], &ports.target),
            );
            module.output(format!("sense_{i}"), &ports.sense);
            let word = &words[layout.senses_at() + i / 8];
            module.leaf(
                format!("imposed_{i}"),
                sense(technology, i % 8, word, &interface.impose, &ports.sense),
            );
        }
        let answers: Vec<Bus> = array.outputs.iter().map(|ports| ports.answer.clone()).collect();
        answer_side(&mut module, technology, [clock, &interface.index], ranks, answers, &interface.answer);
        ArrayInterface { module, ..interface }
    }

    /// What the island drives, with names.
    pub fn inputs(&self) -> Vec<(&'static str, &Bus)> {
        let mut inputs = vec![
            ("clock", &self.clock),
            ("shift", &self.shift),
            ("word", &self.word),
            ("impose", &self.impose),
            ("index", &self.index),
        ];
        inputs.extend(self.ranks.iter().flat_map(|Ranks { take, hold }| [("take", take), ("hold", hold)]));
        inputs
    }
}

/// What array interfaces have between the array's answers and the one that is shown: where samples stream, registers that keep them,
/// and a multiplexer.
pub(crate) fn answer_side(
    module: &mut Module,
    technology: Technology,
    [clock, index]: [&Bus; 2],
    ranks: Option<&Ranks>,
    mut answers: Vec<Bus>,
    answer: &Bus,
) {
    for (i, answer) in answers.iter_mut().enumerate() {
        module.input(format!("answer_{i}"), answer);
        if let Some(Ranks { hold, .. }) = ranks {
            let held = module.wire(format!("held_{i}"), answer.shape());
            module.leaf(format!("hold_{i}"), register(technology, clock, answer, &held, Some(hold), None, 0));
            *answer = held;
        }
    }
    module.output("answer", answer);
    module.leaf("choice", choice(technology, index, &answers, answer));
}

/// A word's low bits as a voltage.
fn voltage(technology: Technology, word: &Bus, voltage: &Bus) -> Leaf {
    let bits = voltage.shape().bits;
    Leaf::function(format!("voltage_{bits}"), "the low bits of a word, signed", technology.lut_ps())
        .input("word", word)
        .output("voltage", voltage, format!("word[{}:0]", bits - 1))
        .evaluate(|inputs, outputs| outputs[0] = inputs[0])
}

/// An output's sense out of a word of eight, or none.
fn sense(technology: Technology, place: usize, word: &Bus, impose: &Bus, sense: &Bus) -> Leaf {
    let low = 2 * place;
    Leaf::function(format!("sense_{place}"), "two bits of a word, or none", technology.lut_ps())
        .input("word", word)
        .input("impose", impose)
        .output("sense", sense, format!("word[{}:{low}] & {{2{{impose}}}}", low + 1))
        .evaluate(move |inputs, outputs| outputs[0] = if inputs[1] == 1 { (inputs[0] >> low) & 3 } else { 0 })
}

/// The answer of that number; of a number that is none, any.
fn choice(technology: Technology, index: &Bus, answers: &[Bus], answer: &Bus) -> Leaf {
    let last = answers.len() - 1;
    let levels = u64::from(usize::BITS - last.leading_zeros()).max(1);
    let mut leaf =
        Leaf::function("choice", "one answer of all", levels * technology.lut_ps()).input("index", index);
    let bits = (usize::BITS - last.leading_zeros()).clamp(1, 16);
    let wide = |i: usize| extended(&format!("answer_{i}"), leaf::bits(&answers[i]), leaf::bits(answer));
    let mut expression = String::new();
    for (i, bus) in answers.iter().enumerate() {
        leaf = leaf.input(format!("answer_{i}"), bus);
        if i < last {
            expression += &format!("index[{}:0] == {bits}'d{i} ? {} : ", bits - 1, wide(i));
        }
    }
    expression += &wide(last);
    leaf.output("answer", answer, expression).evaluate(move |inputs, outputs| {
        let index = usize::try_from(inputs[0] & ((1 << bits) - 1)).unwrap_or(last).min(last);
        outputs[0] = inputs[1 + index];
    })
}
