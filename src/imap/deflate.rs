//! DEFLATE over a line (RFC 4978): both directions packed, below the responses
//! and above TLS.

use std::io::{self, ErrorKind};

use flate2::{
    Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status as Outcome,
};

use super::line::Line;
use super::watch::Watch;
use crate::error::Result;

/// How much packed data is read at once.
const PACKED: usize = 64 << 10;

/// Unpacked bytes that are taken whatever they were packed into: small
/// answers, and attachments that are one long repetition.
const FREE: u64 = 64 << 20;

/// Beyond that, unpacked bytes for each packed one. Mail comes to 10 at most;
/// DEFLATE itself could reach 1,032, and fill the memory with next to nothing.
const EXPANSION: u64 = 200;

/// A line whose bytes are packed.
pub(super) struct Packed<L> {
    below: L,
    pack: Compress,
    unpack: Decompress,
    /// Read and not unpacked yet: `start..end`.
    packed: Vec<u8>,
    start: usize,
    end: usize,
}

impl<L: Line> Packed<L> {
    /// Packs what goes through `below` from now on; `early` has been read from
    /// it already.
    pub(super) fn new(below: L, early: Vec<u8>) -> Self {
        let (end, mut packed) = (early.len(), early);
        packed.resize(end.max(PACKED), 0);
        Self {
            below,
            pack: Compress::new(Compression::fast(), false),
            unpack: Decompress::new(false),
            packed,
            start: 0,
            end,
        }
    }

    /// The line below.
    pub(super) fn below(&self) -> &L {
        &self.below
    }

    /// The line below, to end it.
    pub(super) fn below_mut(&mut self) -> &mut L {
        &mut self.below
    }

    /// Reads what is there, or takes in one portion of packed data. One at a
    /// time: packed data may stand for nothing, and the caller is to look up
    /// in between.
    pub(super) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.unpacked(into) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            other => return other,
        }
        if self.start == self.end {
            let read = self.below.read(&mut self.packed)?;
            (self.start, self.end) = (0, read);
            if read == 0 {
                return Ok(0);
            }
        }
        self.unpacked(into)
    }

    fn unpacked(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let (taken, given) = (self.unpack.total_in(), self.unpack.total_out());
        let packed = &self.packed[self.start..self.end];
        let outcome = self.unpack.decompress(packed, into, FlushDecompress::None);
        let outcome = outcome.map_err(|_| io::Error::other("its compressed data is damaged"))?;
        // Both differences are at most the length of a slice.
        self.start += (self.unpack.total_in() - taken) as usize;
        let count = (self.unpack.total_out() - given) as usize;
        if self.unpack.total_out() > FREE + EXPANSION * self.unpack.total_in() {
            return Err(io::Error::other(format!(
                "its compressed data expands more than {EXPANSION} times; \
                 set compress to 'never' to read it all the same"
            )));
        }
        match (count, outcome) {
            (0, Outcome::StreamEnd) => Ok(0),
            (0, _) => Err(ErrorKind::WouldBlock.into()),
            _ => Ok(count),
        }
    }

    /// Sends all of `bytes`, packed.
    ///
    /// # Errors
    /// As [`Line::write_all`].
    pub(super) fn write_all(
        &mut self,
        bytes: &[u8],
        watch: &mut Watch<'_>,
    ) -> Result<io::Result<()>> {
        let (mut rest, mut packed) = (bytes, Vec::new());
        while !rest.is_empty() || packed.len() == packed.capacity() {
            packed.reserve(rest.len() + 64);
            let taken = self.pack.total_in();
            let done = self
                .pack
                .compress_vec(rest, &mut packed, FlushCompress::Sync);
            if let Err(error) = done {
                return Ok(Err(io::Error::other(error)));
            }
            rest = &rest[(self.pack.total_in() - taken) as usize..];
        }
        self.below.write_all(&packed, watch)
    }
}
