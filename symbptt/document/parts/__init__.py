"""The parts of documents: functions from the context of a document to blocks, from which kinds choose."""
