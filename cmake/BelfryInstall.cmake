# What `cmake --install` places: the libraries with find_package(belfry), the programs, the systemd units.
