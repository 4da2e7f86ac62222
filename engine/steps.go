package engine

// step is a point on the way of a change to the disk and to readers. A process may end at any instruction; between two of these points it does not matter at which.
type step string

// The steps of a commit, in their order, those of a checkpoint, and those of a rebuild.
const (
	stepGathered  step = "gathered"  // nothing of the commit has been written
	stepDurable   step = "durable"   // nothing of it is known in memory
	stepStored    step = "stored"    // its rows are current, and no feature has its changes
	stepApplied   step = "applied"   // and readers have not been told
	stepPublished step = "published" // and the next one may begin

	stepRowsWritten  step = "rows written"  // without the mark that says so
	stepRowsMarked   step = "rows marked"   // and memory still has them
	stepRootsWritten step = "roots written" // likewise
	stepRootsMarked  step = "roots marked"

	stepRebuildBegun step = "rebuild begun" // what is derived means nothing any more
	stepRowsDropped  step = "rows dropped"
	stepGroupDropped step = "group dropped"
	stepRebuilt      step = "rebuilt" // and the mark is still to be taken away
)

var steps = []step{stepGathered, stepDurable, stepStored, stepApplied, stepPublished, stepRowsWritten, stepRowsMarked, stepRootsWritten, stepRootsMarked}

var rebuildSteps = []step{stepRebuildBegun, stepRowsDropped, stepRowsWritten, stepRowsMarked, stepGroupDropped, stepRootsWritten, stepRootsMarked, stepRebuilt}

// passed is called at each step. Tests replace it, before anything runs, to end the process there.
var passed = func(step) {}
