//! `case WORD in a | b) list;; esac`.

use super::Limit;
use super::grammar::End;
use super::reader::Reader;

impl Reader<'_, '_> {
    /// The whole command, the cursor on its first word.
    pub(super) fn case(&mut self) -> Result<(), Limit> {
        self.skip(4)?;
        self.blanks()?;
        self.word()?;
        self.blanks_and_newlines()?;
        if self.keyword() == Some("in") {
            self.skip(2)?;
        }
        let mut first = None;
        loop {
            self.blanks_and_newlines()?;
            if self.peek().is_none() {
                return Err(Limit::Unterminated("a case"));
            }
            if self.at_end(End::Words(&["esac"]))?.is_some() {
                return Ok(());
            }
            self.take("(")?;
            self.patterns()?;
            if self.branch(&mut first, |reader| reader.list(End::CaseItem))? == "esac" {
                return Ok(());
            }
        }
    }

    /// `a | b)`.
    fn patterns(&mut self) -> Result<(), Limit> {
        loop {
            self.blanks_and_newlines()?;
            match self.peek() {
                None => return Err(Limit::Unterminated("a case")),
                Some(b')') => return self.skip(1),
                Some(b'|' | b';' | b'&' | b'<' | b'>' | b'(') => self.skip(1)?,
                Some(_) => drop(self.word()?),
            }
        }
    }
}
