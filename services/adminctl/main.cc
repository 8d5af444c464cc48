// adminctl: everything an administrator does, over gRPC.
#include "adminctl/context.h"

int main(int argc, char** argv) { return tayori::admin::run(argc, argv); }
