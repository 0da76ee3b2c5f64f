"""The parts of documents: functions from a lesson to blocks, from which kinds choose."""
