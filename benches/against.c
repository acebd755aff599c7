/*
 * One workload, so many times, for whoever counts its instructions with two builds of the library: against.sh.
 *
 *     build/against              names the workloads
 *     build/against NAME TIMES
 */
#include "paths.h"

int main(int argc, char **argv)
{
    if (argc < 3) {
        for (size_t i = 0; i < sizeof all / sizeof *all; i++)
            puts(all[i].name);
        return 0;
    }
    begin_paths();
    must(run_path(argv[1], strtoull(argv[2], NULL, 10)), "name");
    end_paths();
    return 0;
}
