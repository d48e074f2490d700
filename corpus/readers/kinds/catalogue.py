"""Every kind of file that is read."""

from collections.abc import Mapping

from corpus.readers.base import Kind
from corpus.readers.kinds.cases import CASES
from corpus.readers.kinds.inventory import INVENTORY
from corpus.readers.kinds.kind import FileKind
from corpus.readers.kinds.posted import POSTED
from corpus.readers.kinds.registers import NPO_PORTAL, REGISTER

# Of kinds that fit a file equally well, the first here.
KINDS: Mapping[Kind, FileKind] = {
    Kind.NPO_PORTAL: NPO_PORTAL,
    Kind.INVENTORY: INVENTORY,
    Kind.ORGANISATIONS: REGISTER,
    Kind.CASES: CASES,
    Kind.ISSUES: POSTED,
}
