//! From text to delays.

use super::lexer::{Lexer, Token, split_path, unescaped};
use super::{
    Cell, Delay, Edge, Interconnect, IoPath, PinName, Port, Sdf, SdfError, SdfFault, Time, TimingCheck,
    Triple, Unit,
};

/// Entries of the header that say nothing about delays.
const HEADER: [&str; 9] =
    ["SDFVERSION", "DATE", "VENDOR", "PROGRAM", "VERSION", "VOLTAGE", "PROCESS", "TEMPERATURE", "DESIGN"];

/// Reads a whole file.
pub(super) fn parse(text: &str) -> Result<Sdf, SdfError> {
    let mut parser = Parser { lexer: Lexer::new(text)?, unit: Unit::NANOSECOND, divider: '.' };
    let sdf = parser.file()?;
    match parser.lexer.peek() {
        Token::End => Ok(sdf),
        _ => Err(parser.lexer.unexpected("the end of the file")),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    unit: Unit,
    divider: char,
}

impl<'a> Parser<'a> {
    fn file(&mut self) -> Result<Sdf, SdfError> {
        self.open("`(DELAYFILE`")?;
        self.keyword("DELAYFILE", "`DELAYFILE`")?;
        let mut sdf = Sdf::default();
        while self.another("an entry of the file")? {
            let Token::Word(keyword) = self.lexer.peek() else {
                return Err(self.lexer.unexpected("a keyword"));
            };
            match keyword {
                "CELL" => {
                    self.lexer.next()?;
                    sdf.cells.push(self.cell()?);
                }
                "TIMESCALE" => {
                    self.lexer.next()?;
                    self.unit = self.time_scale()?;
                }
                "DIVIDER" => {
                    self.lexer.next()?;
                    self.divider = self.divider_sign()?;
                }
                _ if HEADER.contains(&keyword) => {
                    self.lexer.next()?;
                    let words = self.words()?;
                    if keyword == "DESIGN" {
                        sdf.design = words;
                    }
                }
                _ => return Err(self.unsupported(keyword)),
            }
        }
        Ok(sdf)
    }

    /// Words and texts up to the closing parenthesis, joined by spaces.
    fn words(&mut self) -> Result<String, SdfError> {
        let mut words: Vec<&str> = Vec::new();
        loop {
            match self.lexer.peek() {
                Token::Word(word) | Token::Text(word) => words.push(word),
                Token::Close => break,
                _ => return Err(self.lexer.unexpected("a word or `)`")),
            }
            self.lexer.next()?;
        }
        self.lexer.next()?;
        Ok(words.join(" "))
    }

    fn time_scale(&mut self) -> Result<Unit, SdfError> {
        let begin = self.lexer.fault(SdfFault::OpenText);
        let text = self.words()?;
        let fault = || SdfError { fault: SdfFault::TimeScale { text: text.clone() }, ..begin };
        Unit::parse(&text).ok_or_else(fault)
    }

    fn divider_sign(&mut self) -> Result<char, SdfError> {
        let sign = match self.lexer.peek() {
            Token::Word("/") => '/',
            Token::Word(".") => '.',
            _ => return Err(self.lexer.unexpected("`/` or `.`")),
        };
        self.lexer.next()?;
        self.close()?;
        Ok(sign)
    }

    fn cell(&mut self) -> Result<Cell, SdfError> {
        let mut cell = Cell::default();
        while self.another("an entry of the cell")? {
            let Token::Word(keyword) = self.lexer.peek() else {
                return Err(self.lexer.unexpected("a keyword"));
            };
            if !["CELLTYPE", "INSTANCE", "DELAY", "TIMINGCHECK"].contains(&keyword) {
                return Err(self.unsupported(keyword));
            }
            self.lexer.next()?;
            match keyword {
                "CELLTYPE" => cell.kind = self.words()?,
                "INSTANCE" => cell.instance = unescaped(&self.words()?),
                "DELAY" => self.delays(&mut cell)?,
                _ => self.checks(&mut cell)?,
            }
        }
        Ok(cell)
    }

    fn delays(&mut self, cell: &mut Cell) -> Result<(), SdfError> {
        while self.another("`(ABSOLUTE`")? {
            match self.lexer.peek() {
                Token::Word("ABSOLUTE") => self.lexer.next()?,
                Token::Word(keyword) => return Err(self.unsupported(keyword)),
                _ => return Err(self.lexer.unexpected("`ABSOLUTE`")),
            };
            while self.another("a delay")? {
                match self.lexer.peek() {
                    Token::Word("IOPATH") => {
                        self.lexer.next()?;
                        let (from, to) = (self.port()?, unescaped(self.word("an output")?));
                        let delay = self.delay()?;
                        cell.paths.push(IoPath { from, to, delay });
                    }
                    Token::Word("INTERCONNECT") => {
                        self.lexer.next()?;
                        let (from, to) = (self.pin()?, self.pin()?);
                        let delay = self.delay()?;
                        cell.wires.push(Interconnect { from, to, delay });
                    }
                    Token::Word(keyword) => return Err(self.unsupported(keyword)),
                    _ => return Err(self.lexer.unexpected("`IOPATH` or `INTERCONNECT`")),
                }
                self.close()?;
            }
        }
        Ok(())
    }

    fn checks(&mut self, cell: &mut Cell) -> Result<(), SdfError> {
        while self.another("a timing check")? {
            let Token::Word(keyword) = self.lexer.peek() else {
                return Err(self.lexer.unexpected("a keyword"));
            };
            if !["SETUPHOLD", "SETUP", "HOLD", "WIDTH"].contains(&keyword) {
                return Err(self.unsupported(keyword));
            }
            self.lexer.next()?;
            let first = self.port()?;
            match keyword {
                "WIDTH" => cell.checks.push(TimingCheck::Width { port: first, time: self.triple()? }),
                // The reference comes second in all but HOLD's standard order, which nextpnr's own is.
                "SETUP" => {
                    let clock = self.port()?;
                    cell.checks.push(TimingCheck::Setup { data: first, clock, time: self.triple()? });
                }
                "HOLD" => {
                    let clock = self.port()?;
                    cell.checks.push(TimingCheck::Hold { data: first, clock, time: self.triple()? });
                }
                _ => {
                    let clock = self.port()?;
                    let (data, setup, hold) = (first, self.triple()?, self.triple()?);
                    let (again, clock_again) = (data.clone(), clock.clone());
                    cell.checks.push(TimingCheck::Setup { data, clock, time: setup });
                    cell.checks.push(TimingCheck::Hold { data: again, clock: clock_again, time: hold });
                }
            }
            self.close()?;
        }
        Ok(())
    }

    /// A pin, or `(posedge pin)`.
    fn port(&mut self) -> Result<Port, SdfError> {
        if self.lexer.peek() != Token::Open {
            return Ok(Port { name: unescaped(self.word("a pin")?), edge: None });
        }
        self.lexer.next()?;
        let edge = match self.lexer.peek() {
            Token::Word("posedge") => Edge::Rising,
            Token::Word("negedge") => Edge::Falling,
            _ => return Err(self.lexer.unexpected("`posedge` or `negedge`")),
        };
        self.lexer.next()?;
        let name = unescaped(self.word("a pin")?);
        self.close()?;
        Ok(Port { name, edge: Some(edge) })
    }

    fn pin(&mut self) -> Result<PinName, SdfError> {
        let fault = |name: &str, divider| SdfFault::NoPin { name: name.to_owned(), divider };
        let Token::Word(word) = self.lexer.peek() else { return Err(self.lexer.unexpected("a pin")) };
        let Some((instance, port)) = split_path(word, self.divider) else {
            return Err(self.lexer.fault(fault(word, self.divider)));
        };
        self.lexer.next()?;
        Ok(PinName { instance: unescaped(instance), port: unescaped(port) })
    }

    /// A delay of both edges, or one for the two.
    fn delay(&mut self) -> Result<Delay, SdfError> {
        let rise = self.triple()?;
        let fall = if self.lexer.peek() == Token::Open { self.triple()? } else { rise };
        Ok(Delay { rise, fall })
    }

    fn triple(&mut self) -> Result<Triple, SdfError> {
        self.open("a delay in parentheses")?;
        let Token::Word(text) = self.lexer.peek() else { return Err(self.lexer.unexpected("a delay")) };
        let time = |part: &str| {
            let fault = || self.lexer.fault(SdfFault::Number { text: part.to_owned() });
            Time::parse(part, self.unit).ok_or_else(fault)
        };
        let parts: Vec<&str> = text.split(':').collect();
        let triple = match parts[..] {
            [one] => Triple::all(time(one)?),
            [min, typ, max] => Triple { min: time(min)?, typ: time(typ)?, max: time(max)? },
            _ => {
                let fault = SdfFault::Values { text: text.to_owned(), count: parts.len() };
                return Err(self.lexer.fault(fault));
            }
        };
        if triple.min > triple.typ || triple.typ > triple.max {
            return Err(self.lexer.fault(SdfFault::Order { text: text.to_owned() }));
        }
        self.lexer.next()?;
        self.close()?;
        Ok(triple)
    }

    fn word(&mut self, expected: &'static str) -> Result<&'a str, SdfError> {
        match self.lexer.peek() {
            Token::Word(word) => {
                self.lexer.next()?;
                Ok(word)
            }
            _ => Err(self.lexer.unexpected(expected)),
        }
    }

    fn keyword(&mut self, keyword: &str, expected: &'static str) -> Result<(), SdfError> {
        if self.lexer.peek() != Token::Word(keyword) {
            return Err(self.lexer.unexpected(expected));
        }
        self.lexer.next().map(drop)
    }

    fn open(&mut self, expected: &'static str) -> Result<(), SdfError> {
        if self.lexer.peek() != Token::Open {
            return Err(self.lexer.unexpected(expected));
        }
        self.lexer.next().map(drop)
    }

    fn close(&mut self) -> Result<(), SdfError> {
        if self.lexer.peek() != Token::Close {
            return Err(self.lexer.unexpected("`)`"));
        }
        self.lexer.next().map(drop)
    }

    /// Whether another entry begins, and enters it; otherwise leaves the list that ends here.
    fn another(&mut self, expected: &'static str) -> Result<bool, SdfError> {
        match self.lexer.peek() {
            Token::Open => self.lexer.next().map(|_| true),
            Token::Close => self.lexer.next().map(|_| false),
            _ => Err(self.lexer.unexpected(expected)),
        }
    }

    fn unsupported(&self, keyword: &str) -> SdfError {
        self.lexer.fault(SdfFault::Unsupported { keyword: keyword.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn what_nextpnr_writes_is_read() {
        let sdf = parse(
            r#"(DELAYFILE (SDFVERSION "3.0") (DESIGN "top") (VENDOR "nextpnr") (DIVIDER /) (TIMESCALE 1ps)
            (CELL (CELLTYPE "TRELLIS_FF") (INSTANCE a\.b\/c)
                (DELAY (ABSOLUTE (IOPATH (posedge CLK) Q (363:433:504) (363:433:504.25))))
                (TIMINGCHECK (SETUPHOLD (posedge DI) (negedge CLK) (-1:0:2) (3)) (WIDTH (posedge CLK) (1000))))
            (CELL (CELLTYPE "top") (INSTANCE)
                (DELAY (ABSOLUTE (INTERCONNECT a\.b\/c/Q x/A\[0\] (10:20:30))))))"#,
        )
        .unwrap();
        assert_eq!(sdf.design, "top");
        let [flop, top] = &sdf.cells[..] else { panic!("{sdf:?}") };
        assert_eq!((flop.kind.as_str(), flop.instance.as_str()), ("TRELLIS_FF", "a.b/c"));
        assert_eq!(flop.paths[0].from, Port { name: "CLK".into(), edge: Some(Edge::Rising) });
        assert_eq!(flop.paths[0].delay.fall.max, Time::from_fs(504_250));
        let clock = Port { name: "CLK".into(), edge: Some(Edge::Falling) };
        let data = Port { name: "DI".into(), edge: Some(Edge::Rising) };
        let setup = Triple { min: Time::from_ps(-1), typ: Time::ZERO, max: Time::from_ps(2) };
        assert_eq!(
            flop.checks[0],
            TimingCheck::Setup { data: data.clone(), clock: clock.clone(), time: setup }
        );
        assert_eq!(flop.checks[1], TimingCheck::Hold { data, clock, time: Triple::all(Time::from_ps(3)) });
        assert!(
            matches!(&flop.checks[2], TimingCheck::Width { time, .. } if time.max == Time::from_ps(1000))
        );
        let wire = &top.wires[0];
        assert_eq!(wire.from, PinName { instance: "a.b/c".into(), port: "Q".into() });
        assert_eq!(wire.to, PinName { instance: "x".into(), port: "A[0]".into() });
        assert_eq!(wire.delay.rise, wire.delay.fall);
    }

    #[test]
    fn a_fault_says_where_it_is() {
        for (text, message) in [
            ("", "1:1: expected `(DELAYFILE`, found the end of the file"),
            ("(DELAYFILE", "1:11: expected an entry of the file, found the end of the file"),
            (
                "(DELAYFILE\n (CELL (INSTANCE a)\n  (CELLTYPE \"b)",
                "3:13: this quotation mark is never closed",
            ),
            ("(DELAYFILE) )", "1:13: expected the end of the file, found `)`"),
            (
                "(DELAYFILE (CELL (DELAY (INCREMENT))))",
                "1:26: `INCREMENT` is not read here; only what nextpnr writes is",
            ),
            (
                "(DELAYFILE (CELL (DELAY (ABSOLUTE (IOPATH A Z (1:2))))))",
                "1:48: `1:2` has 2 values; write one, or three as min:typ:max",
            ),
            (
                "(DELAYFILE (CELL (DELAY (ABSOLUTE\n  (IOPATH A Z (3:2:1))))))",
                "2:16: `3:2:1` is not in the order min:typ:max",
            ),
            (
                "(DELAYFILE (CELL (DELAY (ABSOLUTE (IOPATH A Z (1::3))))))",
                "1:48: `` is no delay; write a decimal of less than 1 ms",
            ),
            (
                "(DELAYFILE (DIVIDER /) (CELL (DELAY (ABSOLUTE (INTERCONNECT a b\\/c (1))))))",
                "1:61: `a` names no pin; write instance/port",
            ),
        ] {
            assert_eq!(fault(text), message, "{text}");
        }
    }
}
