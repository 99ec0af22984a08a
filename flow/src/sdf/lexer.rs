//! Parentheses, words and texts.

use super::{SdfError, SdfFault};

/// What a file consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    /// A keyword, number or name, its escapes still in it.
    Word(&'a str),
    /// What stood between quotation marks.
    Text(&'a str),
    End,
}

/// Takes a text apart, one token ahead.
#[derive(Debug)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the next token begins.
    start: usize,
    /// Where it ends.
    end: usize,
    next: Token<'a>,
}

impl<'a> Lexer<'a> {
    /// At the first token of a text.
    pub fn new(text: &'a str) -> Result<Lexer<'a>, SdfError> {
        let mut lexer = Lexer { text, start: 0, end: 0, next: Token::End };
        lexer.advance()?;
        Ok(lexer)
    }

    /// The token that comes.
    pub fn peek(&self) -> Token<'a> {
        self.next
    }

    /// Takes the token that comes.
    pub fn next(&mut self) -> Result<Token<'a>, SdfError> {
        let token = self.next;
        self.advance()?;
        Ok(token)
    }

    /// A fault at the token that comes.
    pub fn fault(&self, fault: SdfFault) -> SdfError {
        self.at(self.start, fault)
    }

    /// The token that comes was not expected.
    pub fn unexpected(&self, expected: &'static str) -> SdfError {
        let found = match self.next {
            Token::Open => "`(`".to_owned(),
            Token::Close => "`)`".to_owned(),
            Token::Word(word) => format!("`{}`", shortened(word)),
            Token::Text(text) => format!("\"{}\"", shortened(text)),
            Token::End => "the end of the file".to_owned(),
        };
        self.fault(SdfFault::Unexpected { expected, found })
    }

    fn at(&self, place: usize, fault: SdfFault) -> SdfError {
        let before = &self.text[..place];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        SdfError { line, column, fault }
    }

    fn advance(&mut self) -> Result<(), SdfError> {
        let bytes = self.text.as_bytes();
        let mut place = self.end;
        while bytes.get(place).is_some_and(u8::is_ascii_whitespace) {
            place += 1;
        }
        self.start = place;
        (self.next, self.end) = match bytes.get(place) {
            None => (Token::End, place),
            Some(b'(') => (Token::Open, place + 1),
            Some(b')') => (Token::Close, place + 1),
            Some(b'"') => {
                let rest = &self.text[place + 1..];
                let length = rest.find('"').ok_or_else(|| self.at(place, SdfFault::OpenText))?;
                (Token::Text(&rest[..length]), place + length + 2)
            }
            Some(_) => {
                let end = self.word_end(place);
                (Token::Word(&self.text[place..end]), end)
            }
        };
        Ok(())
    }

    /// The end of a word: a space, parenthesis or quotation mark without a backslash before it.
    fn word_end(&self, start: usize) -> usize {
        let mut escaped = false;
        let rest = self.text[start..].char_indices();
        for (offset, c) in rest {
            if escaped {
                escaped = false;
            } else if c == '\\' {
                escaped = true;
            } else if c.is_ascii_whitespace() || matches!(c, '(' | ')' | '"') {
                return start + offset;
            }
        }
        self.text.len()
    }
}

/// A word as one shows it in a message.
fn shortened(word: &str) -> String {
    match word.char_indices().nth(40) {
        Some((place, _)) => format!("{}...", &word[..place]),
        None => word.to_owned(),
    }
}

/// A name without its escapes.
pub(super) fn unescaped(word: &str) -> String {
    let mut name = String::with_capacity(word.len());
    let mut escaped = false;
    for c in word.chars() {
        if escaped || c != '\\' {
            name.push(c);
            escaped = false;
        } else {
            escaped = true;
        }
    }
    name
}

/// A name with a backslash before everything that is neither letter, digit nor underscore.
pub(super) fn escaped(name: &str) -> String {
    let mut word = String::with_capacity(name.len());
    for c in name.chars() {
        if !(c.is_ascii_alphanumeric() || c == '_') {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

/// A path as instance and port: what stands before and after the last divider that is not escaped.
pub(super) fn split_path(word: &str, divider: char) -> Option<(&str, &str)> {
    let mut last = None;
    let mut escaped = false;
    for (place, c) in word.char_indices() {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == divider {
            last = Some(place);
        }
    }
    last.map(|place| (&word[..place], &word[place + divider.len_utf8()..]))
}
