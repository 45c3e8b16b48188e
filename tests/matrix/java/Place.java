/** A tenant and a time zone: what a session sets, and how the database then answers. */
record Place(int tenant, String zone, String noon, int ahead) {
    static final int TENANTS = 4;
    static final long NOON = 1719835200;

    /** Name, how noon UTC of 1 July 2024 reads there, and the seconds it is ahead of UTC on that day. */
    private record Zone(String name, String noon, int ahead) {
    }

    private static final Zone[] ZONES = {
        new Zone("UTC", "2024-07-01 12:00:00+00", 0),
        new Zone("Europe/Berlin", "2024-07-01 14:00:00+02", 7200),
        new Zone("America/New_York", "2024-07-01 08:00:00-04", -14400),
        new Zone("Asia/Kolkata", "2024-07-01 17:30:00+05:30", 19800),
        new Zone("Pacific/Chatham", "2024-07-02 00:45:00+12:45", 45900)};

    static Place of(int tenant, int zone) {
        Zone found = ZONES[zone % ZONES.length];
        return new Place(tenant % TENANTS, found.name(), found.noon(), found.ahead());
    }

    String schema() {
        return "tenant_" + tenant;
    }

    String shop() {
        return "shop " + tenant;
    }
}
